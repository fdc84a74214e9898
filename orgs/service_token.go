package orgs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
)

// NewServiceToken draws a token of a service account, which nobody can read
// again. Whoever has it acts as the account, so it takes somebody who may do
// all that the account may. A zero notBefore is now. Field names: label,
// not_before, not_after.
func (m Machines) NewServiceToken(ctx context.Context, id iam.ServiceID, label string, notBefore, notAfter time.Time) (vault.Secret, iam.APIToken, error) {
	a, err := m.find(ctx, id)
	if err != nil {
		return "", iam.APIToken{}, err
	}
	n := iam.NewAPIToken{Holder: holder(a), Tenant: a.Tenant, Label: label, NotBefore: notBefore, NotAfter: notAfter, By: string(asking(ctx))}
	var form iam.Form
	n.Check(&form, m.Orgs.Now())
	if err := form.Err(); err != nil {
		return "", iam.APIToken{}, err
	}
	if err := m.notAbove(ctx, a); err != nil {
		return "", iam.APIToken{}, err
	}
	var secret vault.Secret
	var token iam.APIToken
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if secret, token, err = m.Tokens.Make(tx, n); err != nil {
			return err
		}
		return m.record(ctx, tx, "service.token.make", a, tokenDetail(token))
	})
	if err != nil {
		return "", iam.APIToken{}, fmt.Errorf("new token of service account %s: %w", id, err)
	}
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return secret, token, nil
}

// notAbove is nil when whoever acts may do all that the account may.
func (m Machines) notAbove(ctx context.Context, a iam.ServiceAccount) error {
	seats, err := m.seats(m.Orgs.DB.WithContext(ctx), []string{string(a.ID)})
	if err != nil {
		return err
	}
	for _, s := range seats[string(a.ID)] {
		within, err := m.Orgs.Decider.Within(ctx, s.Role, s.Org)
		if err != nil {
			return err
		}
		if !within {
			return ErrServiceAbove
		}
	}
	return nil
}

// RevokeServiceToken ends one of its tokens at once, everywhere.
func (m Machines) RevokeServiceToken(ctx context.Context, id iam.ServiceID, token iam.TokenID) error {
	a, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		t, err := m.Tokens.Get(tx, token)
		if err != nil {
			return err
		}
		if t.Holder != holder(a) {
			return iam.ErrTokenUnknown
		}
		if err := m.Tokens.Revoke(tx, token, string(asking(ctx))); err != nil {
			return err
		}
		return m.record(ctx, tx, "service.token.revoke", a, tokenDetail(t))
	})
	if err != nil {
		return fmt.Errorf("revoke a token of service account %s: %w", id, err)
	}
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return nil
}

func tokenDetail(t iam.APIToken) audit.Detail {
	d := audit.Detail{"token": string(t.ID), "label": t.Label, "begins": t.Hint, "not_before": t.NotBefore.Format(time.RFC3339), "not_after": t.NotAfter.Format(time.RFC3339)}
	if t.CutRole != "" {
		d["role"] = t.CutRole
	}
	if t.CutOrg != "" {
		d["org"] = string(t.CutOrg)
	}
	return d
}
