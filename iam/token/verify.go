package token

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/migrations"
)

// ErrForged says that a token is none of ours, or no longer. The cause is for the log.
var ErrForged = fault.New(fault.Unauthenticated, "token-invalid", "This token is not valid.")

// Longest is the longest token that is looked at, in bytes.
const Longest = 4096

// header is what a token says of itself. Only alg and kid are believed, and only
// as far as they name a key of ours.
type header struct {
	Alg  Alg             `json:"alg"`
	Kid  string          `json:"kid"`
	Crit json.RawMessage `json:"crit"`
}

// Verify checks that one of our keys signed the token and reads its claims. Who
// the token is for, and whether its time has passed, the caller looks at.
func (s *Keys) Verify(ctx context.Context, raw string, claims any) (*Key, error) {
	if len(raw) > Longest {
		return nil, ErrForged.Because(errors.New("too long"))
	}
	signed, sig, ok := cutLast(raw)
	head, body, whole := strings.Cut(signed, ".")
	if !ok || !whole || strings.Contains(body, ".") {
		return nil, ErrForged.Because(errors.New("not of three parts"))
	}
	var h header
	if err := decode(head, &h); err != nil {
		return nil, ErrForged.Because(err)
	}
	if len(h.Crit) > 0 {
		return nil, ErrForged.Because(errors.New("crit"))
	}
	k, err := s.find(ctx, h.Kid)
	if err != nil {
		return nil, err
	}
	if h.Alg != k.Alg {
		return nil, ErrForged.Because(fmt.Errorf("alg %q", h.Alg))
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(sig)
	if err != nil {
		return nil, ErrForged.Because(err)
	}
	if err := k.Alg.method().Verify(signed, signature, k.Public); err != nil {
		return nil, ErrForged.Because(err)
	}
	if err := decode(body, claims); err != nil {
		return nil, ErrForged.Because(err)
	}
	return k, nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

var tenantOfKey = migrations.SQL(`SELECT tenant_id FROM signing_keys WHERE kid = ?`)

// find is the key with that id, if it may still check.
func (s *Keys) find(ctx context.Context, kid string) (*Key, error) {
	if k := s.remembered(kid); k != nil {
		return k, nil
	}
	var tenant iam.OrgID
	err := tenantOfKey.Row(ctx, s.DB.WithContext(ctx), kid).Scan(&tenant)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrForged.Because(errors.New("kid is nobody's"))
	}
	if err != nil {
		return nil, fmt.Errorf("find a signing key: %w", err)
	}
	keys, err := s.of(ctx, tenant, true)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.ID == kid {
			return k, nil
		}
	}
	return nil, ErrForged.Because(errors.New("kid is over"))
}

// remembered looks among the keys that were read lately. A key that has been
// retired meanwhile goes on checking for Overlap anyway.
func (s *Keys) remembered(kid string) *Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, t := range s.sets {
		for _, k := range t.keys {
			if k.ID == kid && (k.Retired.IsZero() || s.Now().Sub(k.Retired) < Overlap) {
				return k
			}
		}
	}
	return nil
}
