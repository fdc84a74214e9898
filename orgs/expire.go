package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// expireAtOnce bounds one look at what is over.
const expireAtOnce = 200

// Expire does what follows when a role's time is over. The role itself opens
// nothing from its last moment on; what is left are the keys in somebody's
// hands, and a line in the trail. Call it every few minutes; each role is looked
// at once.
func (s *Service) Expire(ctx context.Context) error {
	var failed error
	for after := ""; ; {
		var ids []string
		err := s.DB.WithContext(ctx).Raw(`SELECT id FROM assignments WHERE valid_to IS NOT NULL AND ended_at IS NULL AND valid_to <= ? AND id > ? ORDER BY id LIMIT ?`,
			iam.Micros(s.Now()), after, expireAtOnce).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("look for roles that are over: %w", err)
		}
		if len(ids) == 0 {
			return failed
		}
		for _, id := range ids {
			if err := s.expire(ctx, iam.AssignmentID(id)); err != nil {
				failed = errors.Join(failed, err) // one that fails is no reason to leave the others
			}
			after = id
		}
	}
}

func (s *Service) expire(ctx context.Context, id iam.AssignmentID) error {
	a, err := s.assignment(ctx, id)
	if errors.Is(err, policies.ErrHidden) {
		return nil // ended meanwhile
	}
	if err != nil {
		return err
	}
	area, err := s.areaOf(ctx, a)
	if err != nil {
		return err
	}
	d := Deed{Verb: "role.expire", Area: area,
		Object: audit.Object{Tenant: string(a.Tenant), Org: string(a.Org), Type: string(a.SubjectType), ID: string(a.User)},
		Tell:   []live.Event{happened(live.People, a.Tenant, a.Org, string(a.User))}}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		res := tx.Exec("UPDATE assignments SET status = 'ended', ended_at = valid_to, end_reason = 'expired' WHERE id = ? AND ended_at IS NULL AND valid_to <= ?", string(id), iam.Micros(s.Now()))
		if res.Error == nil && res.RowsAffected == 0 {
			return nil, ErrNothing // somebody made it longer
		}
		return audit.Detail{"role": string(a.Role), "assignment": string(a.ID), "until": iam.MicrosOrNull(a.Until)}, errors.Join(res.Error, s.Decider.EndLent(ctx, tx))
	}
	return s.Perform(ctx, &d)
}
