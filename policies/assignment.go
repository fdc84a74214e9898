package policies

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Assignment is a role that somebody holds.
type Assignment struct {
	ID          iam.AssignmentID
	SubjectType SubjectType
	User        iam.UserID // or a service account, or an organisation
	Role        Role
	Org         iam.OrgID
	Tenant      iam.OrgID
	Device      iam.DeviceID // "" for the whole place
	Reach       Reach
	From        time.Time // zero for at once
	Until       time.Time // zero for no end
	Source      Source
	Lent        iam.AssignmentID // leans on this one
	GrantedBy   iam.UserID
	Reason      string
	CreatedAt   time.Time
}

func (r assignmentRow) assignment() Assignment {
	a := Assignment{
		ID: iam.AssignmentID(r.ID), SubjectType: SubjectType(r.SubjectType), User: iam.UserID(r.SubjectID), Role: Role(r.Role),
		Org: iam.OrgID(r.OrgID), Tenant: iam.OrgID(r.TenantID), Reach: Reach(r.Reach), From: iam.TimeOrZero(r.ValidFrom), Until: iam.TimeOrZero(r.ValidTo),
		Source: Source(r.Source), GrantedBy: iam.UserID(r.GrantedBy), Reason: r.Reason, CreatedAt: iam.Time(r.CreatedAt),
	}
	if r.DeviceID != nil {
		a.Device = iam.DeviceID(*r.DeviceID)
	}
	if r.LentFrom != nil {
		a.Lent = iam.AssignmentID(*r.LentFrom)
	}
	return a
}

// assignmentsMost bounds a list of people; nobody reads further down a page.
const assignmentsMost = 1000

// Assignments lists the roles held in org and, for who reaches so far, below,
// oldest first. It asks for ReadPeople there.
func (d *Decider) Assignments(ctx context.Context, org iam.OrgID) ([]Assignment, error) {
	if err := d.Require(ctx, ReadPeople, org); err != nil {
		return nil, err
	}
	further, err := d.Below(ctx, ReadPeople, org)
	switch {
	case err != nil:
		return nil, err
	case !further:
		return d.list(d.db.WithContext(ctx).Where("org_id = ?", string(org)))
	}
	return d.list(d.db.WithContext(ctx).Where("org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", string(org)))
}

// Of lists the roles of one person: one's own, or those that the asking person
// may see.
func (d *Decider) Of(ctx context.Context, user iam.UserID) ([]Assignment, error) {
	q := d.db.WithContext(ctx).Where("subject_id = ?", string(user))
	if asking, _ := Asking(ctx); asking != user {
		scope, err := d.Scope(ctx, ReadPeople)
		if err != nil {
			return nil, err
		}
		q = scope.Filter(q, "org_id", "tenant_id")
	}
	return d.list(q)
}

func (d *Decider) list(q *gorm.DB) ([]Assignment, error) {
	var rows []assignmentRow
	err := q.Where("status = ? AND ended_at IS NULL AND (valid_to IS NULL OR valid_to > ?)", active, iam.Micros(d.now())).
		Order("id").Limit(assignmentsMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	all := make([]Assignment, len(rows))
	for i, r := range rows {
		all[i] = r.assignment()
	}
	return all, nil
}
