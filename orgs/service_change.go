package orgs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// ChangeService gives an account another name, or another owner. Who hands it
// over revokes its tokens with that: the new owner makes new ones, and what the
// old one may have kept opens nothing. version is the one that was looked at, 0
// for whatever it is. Field names: name, owner.
func (m Machines) ChangeService(ctx context.Context, id iam.ServiceID, version int64, name string, owner iam.UserID) (iam.ServiceAccount, error) {
	a, err := m.find(ctx, id)
	if err != nil {
		return a, err
	}
	was := a
	var form iam.Form
	a.Name, err = iam.ParseName(name)
	form.Check("name", err)
	if owner != "" && owner != a.Owner {
		a.Owner = owner
		if !m.mayHave(ctx, owner, a.MadeBy, a.Org) {
			form.Check("owner", ErrServiceOwner)
		}
	}
	if err := form.Err(); err != nil {
		return was, err
	}
	if version != 0 && version != a.Version {
		return was, iam.ErrChanged
	}
	if a == was {
		return a, nil
	}
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := m.Orgs.Decider.Bump(tx); err != nil { // another owner has other rights
			return err
		}
		if err := m.Services.Change(tx, a); err != nil {
			return err
		}
		d := audit.Detail{"name": a.Name, "was": was.Name}
		if a.Owner != was.Owner {
			d["owner"], d["owner_was"] = string(a.Owner), string(was.Owner)
			if err := m.Tokens.RevokeAll(tx, holder(a), string(asking(ctx))); err != nil {
				return err
			}
		}
		return m.record(ctx, tx, "service.change", a, d)
	})
	if err != nil {
		return was, fmt.Errorf("change service account %s: %w", id, err)
	}
	a.Version++
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return a, nil
}

// EndService ends an account for ever, with its tokens and roles, at once.
func (m Machines) EndService(ctx context.Context, id iam.ServiceID) error {
	a, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := m.Orgs.Decider.EndAll(ctx, tx, policies.Service, string(id), "service account ended"); err != nil {
			return err
		}
		if err := m.Services.End(tx, id, string(asking(ctx))); err != nil {
			return err
		}
		return m.record(ctx, tx, "service.end", a, audit.Detail{"name": a.Name})
	})
	if err != nil {
		return fmt.Errorf("end service account %s: %w", id, err)
	}
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return nil
}
