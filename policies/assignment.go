package policies

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Assignment is a role that a person holds.
type Assignment struct {
	ID        iam.AssignmentID
	User      iam.UserID
	Role      Role
	Org       iam.OrgID
	Tenant    iam.OrgID
	Reach     Reach
	Until     time.Time // zero for no end
	Source    Source
	GrantedBy iam.UserID
	CreatedAt time.Time
}

func (r assignmentRow) assignment() Assignment {
	return Assignment{
		iam.AssignmentID(r.ID), iam.UserID(r.SubjectID), Role(r.Role), iam.OrgID(r.OrgID), iam.OrgID(r.TenantID), Reach(r.Reach),
		iam.TimeOrZero(r.ValidTo), Source(r.Source), iam.UserID(r.GrantedBy), iam.Time(r.CreatedAt),
	}
}

// assignmentsMost bounds a list of people; nobody reads further down a page.
const assignmentsMost = 1000

// Assignments lists the roles held in org and below, oldest first. It asks for
// ReadPeople there.
func (d *Decider) Assignments(ctx context.Context, org iam.OrgID) ([]Assignment, error) {
	if err := d.Require(ctx, ReadPeople, org); err != nil {
		return nil, err
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
	err := q.Where("subject_type = 'user' AND status = ? AND ended_at IS NULL AND (valid_to IS NULL OR valid_to > ?)", active, iam.Micros(d.now())).
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

// Holder is somebody who may do a thing, with the role that allows it and
// where he holds that: perhaps further up.
type Holder struct {
	User iam.UserID
	Name string
	Role Role
	Org  iam.OrgID
}

const whoMay = `SELECT a.subject_id, u.name, a.role, a.org_id FROM org_closure c
JOIN assignments a ON a.org_id = c.ancestor JOIN users u ON u.id = a.subject_id
WHERE c.descendant = ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND u.state = 'active'
AND (a.reach = 'subtree' OR c.depth = 0) AND (a.valid_from IS NULL OR a.valid_from <= ?) AND (a.valid_to IS NULL OR a.valid_to > ?)
ORDER BY c.depth, a.id`

// WhoMay lists who may do act in org, each person once. It does not ask
// whether the caller may know.
func (d *Decider) WhoMay(ctx context.Context, act Action, org iam.OrgID) ([]Holder, error) {
	if stopped, err := d.Stopped(ctx, org); err != nil || stopped {
		return nil, err
	}
	now := iam.Micros(d.now())
	rows, err := d.db.WithContext(ctx).Raw(whoMay, string(org), now, now).Rows()
	if err != nil {
		return nil, fmt.Errorf("list who may %s: %w", act, err)
	}
	defer rows.Close()
	var holders []Holder
	seen := map[iam.UserID]bool{}
	for rows.Next() {
		var h Holder
		if err := rows.Scan(&h.User, &h.Name, &h.Role, &h.Org); err != nil {
			return nil, fmt.Errorf("list who may %s: %w", act, err)
		}
		if d.table.may(bit(h.Role)).Has(act) && !seen[h.User] {
			seen[h.User] = true
			holders = append(holders, h)
		}
	}
	return holders, rows.Err()
}
