package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"halfkey/iam"
)

// Sign makes a token of the claims with the tenant's key.
func (s *Keys) Sign(ctx context.Context, tenant iam.OrgID, claims any) (string, error) {
	keys, err := s.Of(ctx, tenant)
	if err != nil {
		return "", err
	}
	return keys[0].sign(claims)
}

func (k *Key) sign(claims any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	out := append(make([]byte, 0, len(k.header)+enc.EncodedLen(len(body))+1+enc.EncodedLen(rsaBits/8)), k.header...)
	out = enc.AppendEncode(out, body)
	sig, err := k.Alg.method().Sign(string(out), k.private)
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", k.ID, err)
	}
	return string(enc.AppendEncode(append(out, '.'), sig)), nil
}
