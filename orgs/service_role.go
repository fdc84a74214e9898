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

// GiveServiceRole lets a service account hold a role in its own place or below.
// As everywhere nobody gives what he does not hold. Field names: role, org.
func (m Machines) GiveServiceRole(ctx context.Context, id iam.ServiceID, role string, org iam.OrgID) (iam.AssignmentID, error) {
	a, err := m.find(ctx, id)
	if err != nil {
		return "", err
	}
	r, err := policies.ParseRole(role)
	if err != nil {
		return "", iam.Wrong("role", err)
	}
	if org == "" {
		org = a.Org
	}
	var given iam.AssignmentID
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var below int64
		if err := tx.Raw("SELECT COUNT(*) FROM org_closure WHERE ancestor = ? AND descendant = ?", string(a.Org), string(org)).Scan(&below).Error; err != nil {
			return err
		}
		if below == 0 {
			return iam.Wrong("org", ErrServiceElsewhere)
		}
		given, err = m.Orgs.Decider.Grant(ctx, tx, policies.Grant{SubjectType: policies.Service, Subject: iam.UserID(a.ID), Role: r, Org: org, Source: policies.Direct, By: asking(ctx)})
		if errors.Is(err, policies.ErrRole) || errors.Is(err, policies.ErrBeyond) {
			return iam.Wrong("role", err)
		}
		if err != nil {
			return err
		}
		return m.record(ctx, tx, "service.role.give", a, audit.Detail{"role": string(r), "org": string(org), "assignment": string(given)})
	})
	if err != nil {
		return "", fmt.Errorf("give service account %s a role: %w", id, err)
	}
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return given, nil
}

// EndServiceRole takes one of its roles away. It fails like policies.Decider.End.
func (m Machines) EndServiceRole(ctx context.Context, id iam.ServiceID, role iam.AssignmentID) error {
	a, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		ended, err := m.Orgs.Decider.End(ctx, tx, role, "")
		if err != nil {
			return err
		}
		if ended.SubjectType != policies.Service || string(ended.User) != string(a.ID) {
			return policies.ErrHidden
		}
		return m.record(ctx, tx, "service.role.end", a, audit.Detail{"role": string(ended.Role), "org": string(ended.Org), "assignment": string(ended.ID)})
	})
	if err != nil {
		return fmt.Errorf("end a role of service account %s: %w", id, err)
	}
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return nil
}
