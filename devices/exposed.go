package devices

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/orgs"
)

const exposuresNoted = 30 // a minute, by address

// Exposed tells a key's owner that the whole key was on the line, where only
// its first half belongs. It returns at once, so that the answer's time says
// nothing about whether there is such a key.
func (s *Service) Exposed(ctx context.Context, c Call) {
	if ok, _ := s.Limits.Allow("exposures|"+c.Source, exposuresNoted, time.Minute); !ok {
		return
	}
	ctx = audit.WithActor(context.WithoutCancel(ctx), audit.Actor{Type: "device", ID: string(c.Serial), Name: string(c.Serial)})
	s.background.Go(func() {
		if err := s.noteExposed(ctx, c); err != nil {
			s.Log.Error("an owner was not told that a whole registration key was on the line", "error", err)
		}
	})
}

// noteExposed tells it once a minute, however often it happens.
func (s *Service) noteExposed(ctx context.Context, c Call) error {
	key, _, err := s.Orgs.FindKey(ctx, s.DB, c.First)
	if errors.Is(err, orgs.ErrKeyUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if ok, _ := s.Limits.Allow("exposed|"+string(key.ID), 1, time.Minute); !ok {
		return nil
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return audit.Record(ctx, tx, "key.exposed", audit.Object{Tenant: string(key.Tenant), Org: string(key.Org), Type: "registration-key", ID: string(key.ID)},
			audit.Detail{"serial": c.Serial, "address": c.Address.String()})
	})
	if err == nil {
		s.publish(live.Key, key.Tenant, key.Org, string(key.ID))
	}
	return err
}
