package iam

import (
	"context"

	"halfkey/iam/vault"
)

// Anew is Find that remembers nothing: what another replica has just noted about
// a session counts here too.
func (s *Sessions) Anew(ctx context.Context, token vault.Secret) (Session, error) {
	s.known.Forget(s.hash(token))
	return s.Find(ctx, token)
}
