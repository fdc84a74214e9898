package agents

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// ReadTerms tells how a tenant's agents are treated and how many there are, to
// whoever manages agents in the tenant as a whole or runs the platform.
func (s *Service) ReadTerms(ctx context.Context, tenant iam.OrgID) (t Terms, q Quota, err error) {
	if err = s.wholeTenant(ctx, tenant, policies.ManageAgent); err != nil && s.wholeTenant(ctx, tenant, policies.AdministerPlatform) != nil {
		return t, q, err
	}
	if t, err = readTerms(s.DB.WithContext(ctx), tenant); err != nil {
		return t, q, err
	}
	q, err = s.used(ctx, tenant, t)
	return t, q, err
}

// SetTerms changes how a tenant's agents are treated, for whoever manages agents
// in the tenant as a whole. Another algorithm makes another signing key. The size
// is not his to say: it stays (see SetSize).
func (s *Service) SetTerms(ctx context.Context, tenant iam.OrgID, t Terms) error {
	if err := s.wholeTenant(ctx, tenant, policies.ManageAgent); err != nil {
		return err
	}
	return s.keepTerms(ctx, tenant, func(old *Terms) {
		t.Size = old.Size
		*old = t
	})
}

// SetSize says how many agents a tenant has room for, for whoever runs the
// platform; "" takes the bound away. Where there are more already, they stay.
func (s *Service) SetSize(ctx context.Context, tenant iam.OrgID, size string) error {
	if err := s.wholeTenant(ctx, tenant, policies.AdministerPlatform); err != nil {
		return err
	}
	return s.keepTerms(ctx, tenant, func(old *Terms) { old.Size = size })
}

// wholeTenant asks for act in a tenant. Terms are no part of a tenant's.
func (s *Service) wholeTenant(ctx context.Context, tenant iam.OrgID, act policies.Action) error {
	if err := s.Decider.Require(ctx, act, tenant); err != nil {
		return err
	}
	top, err := s.Decider.TenantOf(ctx, tenant)
	if err == nil && (top == "" || top != tenant) {
		err = policies.ErrHidden
	}
	return err
}

func (s *Service) keepTerms(ctx context.Context, tenant iam.OrgID, change func(*Terms)) error {
	defer s.Keys.Forget(tenant)
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Decider.Bump(tx); err != nil { // of two at once one waits here
			return err
		}
		before, err := readTerms(tx, tenant)
		if err != nil {
			return err
		}
		t := before
		if change(&t); t == before {
			return nil
		}
		if err := t.check(); err != nil {
			return err
		}
		err = tx.Exec(`INSERT INTO agent_terms (tenant_id, size, alg, token_seconds, replays, changed_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, alg = excluded.alg, token_seconds = excluded.token_seconds, replays = excluded.replays, changed_at = excluded.changed_at`,
			string(tenant), t.Size, string(t.Alg), int64(t.Token/time.Second), t.Replays, s.micros()).Error
		if err != nil {
			return fmt.Errorf("set terms: %w", err)
		}
		if before.Alg != t.Alg {
			if err := s.Keys.Rotate(ctx, tx, tenant, t.Alg); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, "agent.terms", audit.Object{Tenant: string(tenant), Org: string(tenant), Type: "org", ID: string(tenant)}, audit.Change(before.detail(), t.detail()))
	})
}

func (t Terms) detail() audit.Detail {
	return audit.Detail{"size": t.Size, "alg": t.Alg, "token": t.Token.String(), "replays": t.Replays}
}
