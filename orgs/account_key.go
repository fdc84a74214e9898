package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// AccountKeys is the use cases of the keys by which a program that speaks
// ThingSpeak makes channels of its own in a place.
type AccountKeys struct {
	Orgs  *Service
	Store *channels.Store
}

// May tells whether the person who acts in ctx may make and revoke such keys.
func (a AccountKeys) May(ctx context.Context, org iam.OrgID) bool { return a.require(ctx, org) == nil }

// require wants two rights: to change what the place is connected to, and to
// read, because the key opens the values of whatever was made with its like. So
// an administrator of the platform makes none for a household.
func (a AccountKeys) require(ctx context.Context, org iam.OrgID) error {
	if err := a.Orgs.Decider.Require(ctx, policies.ManageConnector, org); err != nil {
		return err
	}
	return a.Orgs.Decider.Require(ctx, policies.RevealReadKey, org)
}

// Make draws a key, which nobody can read again.
func (a AccountKeys) Make(ctx context.Context, org iam.OrgID) (made channels.AccountKey, key vault.Secret, err error) {
	err = a.do(ctx, org, "account-key.make", func(tx *gorm.DB, o Org) (_ iam.KeyID, err error) {
		key, made, err = a.Store.NewAccountKey(ctx, tx, o.Tenant, o.ID, asking(ctx))
		return made.ID, err
	})
	return made, key, err
}

// List gives the keys of org itself that work, oldest first.
func (a AccountKeys) List(ctx context.Context, org iam.OrgID) ([]channels.AccountKey, error) {
	if err := a.require(ctx, org); err != nil {
		return nil, err
	}
	return a.Store.AccountKeys(ctx, org)
}

// Revoke ends a key at once. Its channels stay, with their own keys.
func (a AccountKeys) Revoke(ctx context.Context, org iam.OrgID, id iam.KeyID) error {
	return a.do(ctx, org, "account-key.revoke", func(tx *gorm.DB, o Org) (iam.KeyID, error) {
		err := a.Store.RevokeAccountKey(ctx, tx, o.ID, id)
		if errors.Is(err, channels.ErrAccount) {
			return id, policies.ErrHidden
		}
		return id, err
	})
}

// do runs a deed on one of the keys of org and writes it into the trail.
func (a AccountKeys) do(ctx context.Context, org iam.OrgID, verb string, deed func(*gorm.DB, Org) (iam.KeyID, error)) error {
	if err := a.require(ctx, org); err != nil {
		return err
	}
	db := a.Orgs.DB.WithContext(ctx)
	o, err := findOrg(db, org)
	if err != nil {
		return err
	}
	var id iam.KeyID
	err = db.Transaction(func(tx *gorm.DB) error {
		if id, err = deed(tx, o); err != nil {
			return err
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(o.Tenant), Org: string(o.ID), Type: "account-key", ID: string(id)}, nil)
	})
	if err != nil {
		return fmt.Errorf("%s in %s: %w", verb, org, err)
	}
	a.Orgs.tell(live.Key, o.Tenant, o.ID, string(id))
	return nil
}
