package agents

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"halfkey/iam"
	"halfkey/iam/token"
)

// baseURL is where a tenant's agents find us. Nobody says who asks for the key
// that checks a token, so a tenant with a key of its own has an address of its
// own, too.
func (s *Service) baseURL(ctx context.Context, tenant iam.OrgID) (string, error) {
	base := strings.TrimSuffix(s.BaseURL(ctx), "/")
	t, err := s.TermsOf(ctx, tenant)
	if err == nil && t.Alg != token.ES256 {
		base += TenantPath + string(tenant)
	}
	return base, err
}

// TenantPath comes before a tenant's id in the addresses of its agents.
const TenantPath = "/tenants/"

// newUUID draws a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var s [36]byte
	for _, part := range [...]struct{ from, to, at int }{{0, 4, 0}, {4, 6, 9}, {6, 8, 14}, {8, 10, 19}, {10, 16, 24}} {
		hex.Encode(s[part.at:], b[part.from:part.to])
	}
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
