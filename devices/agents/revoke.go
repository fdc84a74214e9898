package agents

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/policies"
)

// A token that was ended before its time stands, until then, beside the
// assertions that were taken: both are things that must not be shown again.
func revokedMac(jti string) []byte {
	h := sha256.Sum256([]byte("revoked " + jti))
	return h[:16]
}

var isTaken = migrations.SQL(`SELECT COUNT(*) FROM agent_assertions WHERE mac = ?`)

// Revoked tells whether the access token with that id was ended before its time.
func (s *Service) Revoked(ctx context.Context, jti string) (bool, error) {
	n := 0
	err := isTaken.Row(ctx, s.DB.WithContext(ctx), revokedMac(jti)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for a revoked token: %w", err)
	}
	return n > 0, nil
}

// RevokeJTI ends the access token with that id, which else ends at exp, in
// seconds. Whose it is, the caller has looked at.
func (s *Service) RevokeJTI(ctx context.Context, jti string, exp int64) error {
	_, err := takeAssertion.Exec(ctx, s.DB.WithContext(ctx), revokedMac(jti), iam.Micros(time.Unix(exp, 0)))
	return err
}

// Accepts tells whether an agent's access token is taken, to somebody who may
// see the agent.
func (s *Service) Accepts(ctx context.Context, raw string) bool {
	a, err := s.Access(ctx, raw)
	return err == nil && s.Decider.Require(ctx, policies.SeeDevice, a.Org) == nil
}

// Revoke ends an agent's access token before its time, for whoever manages the
// agent. What is no such token is ended already.
func (s *Service) Revoke(ctx context.Context, raw string) error {
	a, err := s.Access(ctx, raw)
	if errors.Is(err, ErrAccess) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Decider.Require(ctx, policies.ManageAgent, a.Org) != nil {
		return nil // to him it is no token at all
	}
	var c accessClaims
	if _, err := s.Keys.Verify(ctx, raw, &c); err != nil {
		return err
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := takeAssertion.Exec(ctx, tx, revokedMac(c.Jti), iam.Micros(time.Unix(c.Exp, 0))); err != nil {
			return err
		}
		d := devices.Device{ID: a.Device, Tenant: a.Tenant, Org: a.Org}
		return audit.Record(ctx, tx, "agent.token-revoke", d.Object(), audit.Detail{"agent": a.ID})
	})
}

var sweepAssertions = migrations.SQL(`DELETE FROM agent_assertions WHERE mac IN (SELECT mac FROM agent_assertions WHERE ends_at <= ? LIMIT ?)`)

// sweepBatch is how many rows one deed takes, so that nobody waits for it.
const sweepBatch = 1000

// Sweep changes signing keys that are old, and forgets assertions and revocations whose time is over, signing keys
// that nothing is checked with any more, and files that nobody has.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		res, err := sweepAssertions.Exec(ctx, s.DB.WithContext(ctx), s.micros(), sweepBatch)
		if err != nil {
			return fmt.Errorf("sweep assertions: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n < sweepBatch {
			return errors.Join(err, s.Keys.RotateOld(ctx), s.Keys.Sweep(ctx), s.sweepFiles(ctx))
		}
	}
}
