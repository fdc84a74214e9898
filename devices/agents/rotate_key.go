package agents

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/token"
	"halfkey/policies"
)

// ErrPlatformKey says that a tenant has no signing key of its own to change.
var ErrPlatformKey = fault.New(fault.Conflict, "agent-platform-key", "Tokens here are signed with the platform's key, which its administrator changes.")

// A Signer is what a tenant's tokens are signed with.
type Signer struct {
	Kid   string
	Alg   token.Alg
	Since time.Time
	Until time.Time // when the timetable makes another one
	Own   bool      // the tenant's, not the platform's
}

// SignerOf is the key that signs a tenant's tokens now, "" for the platform's.
func (s *Service) SignerOf(ctx context.Context, tenant iam.OrgID) (Signer, error) {
	keys, err := s.Keys.Of(ctx, tenant)
	if err != nil {
		return Signer{}, err
	}
	k := keys[0]
	return Signer{Kid: k.ID, Alg: k.Alg, Since: k.Created, Until: k.Created.Add(token.Life), Own: tenant != "" && k.Tenant == tenant}, nil
}

// RotateKey changes the key that signs a tenant's tokens, for whoever manages
// agents in the tenant as a whole; with "" the platform's, for whoever runs it.
// Tokens that the old one signed stay good until their end: it goes on checking
// for token.Overlap.
func (s *Service) RotateKey(ctx context.Context, tenant iam.OrgID) error {
	alg, err := s.RotatesKey(ctx, tenant)
	if err != nil {
		return err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return s.Keys.Rotate(ctx, tx, tenant, alg) })
	if err != nil {
		return fmt.Errorf("rotate a signing key: %w", err)
	}
	s.Keys.Forget(tenant)
	return nil
}

// RotatesKey is of which sort the next key would be, or what stands against one:
// ErrPlatformKey where the platform's signs.
func (s *Service) RotatesKey(ctx context.Context, tenant iam.OrgID) (alg token.Alg, err error) {
	if tenant == "" {
		_, err := s.Orgs.Platform(ctx)
		return token.ES256, err // nobody else changes it
	}
	if err := s.wholeTenant(ctx, tenant, policies.ManageAgent); err != nil {
		return "", err
	}
	t, err := s.TermsOf(ctx, tenant)
	if err == nil && t.Alg == token.ES256 {
		err = ErrPlatformKey
	}
	return t.Alg, err
}
