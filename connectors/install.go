package connectors

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// Try makes the first call of a connection for somebody who has no place here yet.
// Whoever lets strangers come so far bounds how often they ask, and whom.
func (d *Desk) Try(ctx context.Context, w Draft) (Report, error) {
	service, set, err := d.judge(w)
	if err != nil {
		return Report{}, err
	}
	if w.Secret == "" {
		return Report{}, ErrSecret
	}
	a := account{service: service, access: Access{set, w.Secret}}
	return d.test(ctx, &a)
}

// TestChange is Test of a connector as it would be with other settings, and with
// its own key where none is given.
func (d *Desk) TestChange(ctx context.Context, id ID, w Draft) (Report, error) {
	a, err := d.take(ctx, id, policies.ManageConnector)
	if err != nil {
		return Report{}, err
	}
	if a.service == nil {
		return Report{}, ErrOwn
	}
	if w.Service = a.Provider; w.Secret == "" {
		w.Secret = a.access.Secret
	}
	return d.Try(ctx, w)
}

// Install puts a connection to work in the caller's transaction, who has the right
// to and wakes the desk afterwards. It serves new devices of org before any that
// was there, even one of the same moment.
func (d *Desk) Install(ctx context.Context, tx *gorm.DB, tenant, org iam.OrgID, w Draft) (ID, error) {
	_, set, err := d.judge(w)
	if err != nil {
		return "", err
	}
	if w.Secret == "" {
		return "", ErrSecret
	}
	if w.Name, err = iam.ParseName(w.Name); err != nil {
		return "", err
	}
	var last int64
	if err := tx.WithContext(ctx).Raw(`SELECT COALESCE(MAX(created_at), 0) FROM connectors WHERE org_id = ?`, org).Scan(&last).Error; err != nil {
		return "", fmt.Errorf("open a connector: %w", err)
	}
	c := Connector{ID: ID(iam.NewID()), Tenant: tenant, Org: org, Provider: w.Service, Name: w.Name, State: active, Created: max(iam.Micros(d.Now()), last+1)}
	if err := tx.WithContext(ctx).Create(&c).Error; err != nil {
		return "", fmt.Errorf("open a connector: %w", err)
	}
	if err := d.keep(tx, c, set, w.Secret); err != nil {
		return "", fmt.Errorf("open a connector: %w", err)
	}
	return c.ID, audit.Record(ctx, tx, "connector.open", c.object(), audit.Detail{"name": c.Name, "service": c.Provider})
}
