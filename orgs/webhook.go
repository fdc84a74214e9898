package orgs

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/notify"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// Webhooks are addresses that a place has told what happens to its devices.
type Webhooks struct {
	Orgs  *Service
	Hooks *notify.Hooks
}

// May tells whether the person who acts in ctx may manage the webhooks of org.
func (w Webhooks) May(ctx context.Context, org iam.OrgID) bool { return w.require(ctx, org) == nil }

// require wants two rights: to manage the place, and to read its devices, of which
// a webhook tells. So an administrator of the platform makes none for a household.
func (w Webhooks) require(ctx context.Context, org iam.OrgID) error {
	if err := w.Orgs.Decider.Require(ctx, policies.ManageOrg, org); err != nil {
		return err
	}
	return w.Orgs.Decider.Require(ctx, policies.ReadDevice, org)
}

// Make adds a webhook and gives the secret that its calls are signed with, which
// nobody can read again.
func (w Webhooks) Make(ctx context.Context, org iam.OrgID, address string) (hook notify.Hook, secret vault.Secret, err error) {
	err = w.do(ctx, org, "webhook.make", func(tx *gorm.DB, o Org) (_ notify.Hook, err error) {
		hook, secret, err = w.Hooks.Make(tx, string(o.Tenant), string(o.ID), string(asking(ctx)), address)
		return hook, err
	})
	return hook, secret, err
}

// Remove ends a webhook of org at once.
func (w Webhooks) Remove(ctx context.Context, org iam.OrgID, id string) error {
	return w.do(ctx, org, "webhook.remove", func(tx *gorm.DB, o Org) (notify.Hook, error) {
		return notify.Hook{ID: id}, w.Hooks.Remove(tx, string(o.ID), id)
	})
}

// Test has a webhook of org called once, with nothing to tell.
func (w Webhooks) Test(ctx context.Context, org iam.OrgID, id string) error {
	list, err := w.List(ctx, org)
	if err != nil {
		return err
	}
	for _, h := range list {
		if h.ID == id {
			return w.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
				return w.Hooks.Put(tx, id, "test", map[string]any{"organisation": org})
			})
		}
	}
	return notify.ErrHook
}

// List gives the webhooks of org itself, oldest first.
func (w Webhooks) List(ctx context.Context, org iam.OrgID) ([]notify.Hook, error) {
	if err := w.require(ctx, org); err != nil {
		return nil, err
	}
	return w.Hooks.List(ctx, string(org))
}

func (w Webhooks) do(ctx context.Context, org iam.OrgID, verb string, deed func(*gorm.DB, Org) (notify.Hook, error)) error {
	if err := w.require(ctx, org); err != nil {
		return err
	}
	db := w.Orgs.DB.WithContext(ctx)
	o, err := findOrg(db, org)
	if err != nil {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		hook, err := deed(tx, o)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(o.Tenant), Org: string(o.ID), Type: "webhook", ID: hook.ID}, audit.Detail{"name": hook.Host})
	})
}
