package agents

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/policies"
)

var (
	offboard = migrations.SQL(`UPDATE agents SET onboarded_at = NULL, epoch = epoch + 1, rat_mac = NULL, secret_sealed = NULL, public_key = NULL, expires_at = NULL,
 proved_at = NULL, old_generation = 0, old_rat_mac = NULL, old_secret = NULL, old_public_key = NULL, old_expires_at = NULL
WHERE id = ? AND onboarded_at IS NOT NULL`)
	leaveBoard = migrations.SQL(`UPDATE devices SET state = CASE WHEN state = 'active' THEN 'announced' ELSE state END, boarded_at = 0 WHERE id = ?`)
)

// Offboard ends everything that the agent holds, at once: credentials,
// registration tokens and access tokens. It makes a new initial token, with
// which the agent may come again. ErrNotAboard for one that is not onboarded.
func (s *Service) Offboard(ctx context.Context, id ID) error {
	r, err := s.find(ctx, id, policies.ManageAgent)
	if err != nil {
		return err
	}
	next, err := s.newInitial(r)
	if err != nil {
		return err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := one(offboard.Exec(ctx, tx, string(id))); errors.Is(err, errRaced) {
			return ErrNotAboard
		} else if err != nil {
			return err
		}
		if _, err := leaveBoard.Exec(ctx, tx, string(r.Device)); err != nil {
			return err
		}
		if err := s.keepInitial(ctx, tx, r, next); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.offboard", r.object(), audit.Detail{"agent": id})
	})
	if err != nil {
		return fmt.Errorf("offboard %s: %w", id, err)
	}
	s.Devices.Changed(r.device())
	return nil
}
