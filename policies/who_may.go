package policies

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Holder is a person who may do a thing, with the role that allows it and where
// he holds that: perhaps further up, perhaps through a team.
type Holder struct {
	User       iam.UserID
	Name       string
	Assignment iam.AssignmentID
	Role       Role
	Org        iam.OrgID
	Team       iam.OrgID // "" when he holds it himself
}

const whoMay = `SELECT a.subject_id, u.name, '', ` + seatColumns + `, NULL, NULL FROM assignments a` + seatJoins + ` JOIN users u ON u.id = a.subject_id AND u.state = 'active'
WHERE a.subject_type = 'user' AND (a.device_id = ? OR a.device_id IS NULL AND a.org_id IN (SELECT ancestor FROM org_closure WHERE descendant = ?)) AND ` + seatStands + `
UNION ALL SELECT m.subject_id, u.name, m.org_id, ` + seatColumns + `, m.valid_from, m.valid_to FROM assignments a` + seatJoins + `
JOIN orgs t ON t.id = a.subject_id AND t.state = 'active' JOIN assignments m ON m.org_id = t.id JOIN users u ON u.id = m.subject_id AND u.state = 'active'
WHERE a.subject_type = 'org' AND (a.device_id = ? OR a.device_id IS NULL AND a.org_id IN (SELECT ancestor FROM org_closure WHERE descendant = ?))
 AND ` + belongs + ` AND ` + seatStands

// WhoMay lists the people who may do act in org, or with a device there, each
// once, with the nearest role that lets him. It does not ask whether the caller
// may know. q may be a transaction: then it sees what that has changed.
func (d *Decider) WhoMay(_ context.Context, q *gorm.DB, act Action, org iam.OrgID, device iam.DeviceID) ([]Holder, error) {
	t := d.rulesIn()
	l, err := lineOf(q, org)
	if err != nil {
		return nil, err
	}
	now := iam.Micros(d.now())
	if len(l.places) == 0 || t.denied(l.stopped(now)).Has(act) {
		return nil, nil
	}
	rows, err := q.Raw(whoMay, string(device), string(org), string(device), string(org)).Rows()
	if err != nil {
		return nil, fmt.Errorf("list who may %s: %w", act, err)
	}
	defer rows.Close()
	type found struct {
		Holder
		depth int
	}
	var all []found
	denied := map[iam.UserID]bool{}
	for rows.Next() {
		var f found
		s, err := scanSeat(rows, &f.User, &f.Name)
		if err != nil {
			return nil, fmt.Errorf("list who may %s: %w", act, err)
		}
		given := t.reaches(&s, target{l, device}, now)
		denied[f.User] = denied[f.User] || given != 0 && t.denied(s.gives).Has(act)
		if !given.Has(act) {
			continue
		}
		f.Assignment, f.Role, f.Org, f.Team, f.depth = s.id, s.role, s.org, s.team, l.at(s.org)
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list who may %s: %w", act, err)
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.depth - b.depth })
	var holders []Holder
	seen := map[iam.UserID]bool{}
	for _, f := range all {
		if !seen[f.User] && !denied[f.User] {
			seen[f.User] = true
			holders = append(holders, f.Holder)
		}
	}
	return holders, nil
}
