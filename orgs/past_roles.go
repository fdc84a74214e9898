package orgs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"halfkey/iam"
	"halfkey/policies"
)

// thenRow is an assignment as it held at the moment, with what it leans on.
type thenRow struct {
	Holding
	gives policies.Actions
}

const thenColumns = `SELECT a.id, a.subject_type, a.subject_id, COALESCE(u.name, sv.name, t.name, '') AS name, a.role, a.org_id, COALESCE(o.name, '') AS org_name,
 COALESCE(a.device_id, '') AS device_id, a.reach, a.source, a.valid_from, a.valid_to, a.created_at, a.ended_at, a.reason, COALESCE(g.name, '') AS given_by,
 COALESCE(e.name, '') AS end_name, COALESCE(a.end_reason, '') AS end_reason, COALESCE(a.delegated_from, '') AS lent_from,
 CASE WHEN u.state <> 'active' THEN COALESCE(u.disabled_at, 1) ELSE 0 END AS disabled, COALESCE(sv.ended_at, 0) AS service_ended
FROM assignments a LEFT JOIN orgs o ON o.id = a.org_id LEFT JOIN users u ON u.id = a.subject_id AND a.subject_type = 'user'
LEFT JOIN service_accounts sv ON sv.id = a.subject_id AND a.subject_type = 'service' LEFT JOIN orgs t ON t.id = a.subject_id AND a.subject_type = 'org'
LEFT JOIN users g ON g.id = a.granted_by LEFT JOIN users e ON e.id = a.ended_by
WHERE a.created_at <= ? AND (a.ended_at IS NULL OR a.ended_at > ?) AND (a.valid_from IS NULL OR a.valid_from <= ?) AND a.status <> 'offered'`

type thenColumn struct {
	ID           iam.AssignmentID
	SubjectType  policies.SubjectType
	SubjectID    iam.UserID
	Name         string
	Role         policies.Role
	OrgID        iam.OrgID
	OrgName      string
	DeviceID     iam.DeviceID
	Reach        policies.Reach
	Source       policies.Source
	ValidFrom    *int64
	ValidTo      *int64
	CreatedAt    int64
	EndedAt      *int64
	Reason       string
	GivenBy      string
	EndName      string
	EndReason    string
	LentFrom     iam.AssignmentID
	Disabled     int64
	ServiceEnded int64
}

// holds tells whether the row counted at the moment; its dates in SQL did.
func (r thenColumn) holds(p *past) bool {
	if until := p.ends(r.ID, r.ValidTo); until != 0 && until <= p.at || p.late[r.ID] {
		return false
	}
	if off, changed := p.off[r.SubjectID]; changed {
		return !off
	}
	return (r.Disabled == 0 || r.Disabled > p.at) && (r.ServiceEnded == 0 || r.ServiceEnded > p.at)
}

func (r thenColumn) holding(p *past) Holding {
	h := Holding{Assignment: r.ID, Kind: r.SubjectType, Who: r.SubjectID, Name: r.Name, Role: r.Role, Org: r.OrgID, OrgName: r.OrgName, Device: r.DeviceID != "",
		Source: r.Source, By: r.GivenBy, Reason: r.Reason, Since: iam.Time(r.CreatedAt), Ended: iam.TimeOrZero(r.EndedAt), EndedBy: r.EndName, EndedFor: r.EndReason,
		device: r.DeviceID, reach: r.Reach, org: r.OrgID}
	if r.ValidFrom != nil {
		h.Since = iam.Time(max(*r.ValidFrom, r.CreatedAt))
	}
	if until := p.ends(r.ID, r.ValidTo); until != 0 {
		h.Until = iam.Time(until)
	}
	return h
}

func (s *Service) readThen(ctx context.Context, p *past, where string, args ...any) (held []thenColumn, err error) {
	var rows []thenColumn
	err = s.DB.WithContext(ctx).Raw(thenColumns+" AND "+where+" ORDER BY a.id LIMIT 10000", append([]any{p.at, p.at, p.at}, args...)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who held what: %w", err)
	}
	return slices.DeleteFunc(rows, func(r thenColumn) bool { return !r.holds(p) }), nil
}

// heldThen lists what people and service accounts held, through teams as well.
func (s *Service) heldThen(ctx context.Context, p *past, where string, args ...any) (all []thenRow, err error) {
	rows, err := s.readThen(ctx, p, where, args...)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		gives, err := s.gaveThen(ctx, p, r.Role, r.OrgID)
		if err != nil {
			return nil, err
		}
		h := r.holding(p)
		if r.LentFrom != "" {
			lent, lender, err := s.lentThen(ctx, p, r.LentFrom)
			if err != nil {
				return nil, err
			}
			gives, h.Lender = gives&lent, lender
		}
		if r.SubjectType != policies.Team {
			all = append(all, thenRow{Holding: h, gives: gives})
			continue
		}
		own, err := s.readThen(ctx, p, "a.org_id = ? AND a.subject_type = 'user' AND a.source NOT IN ('share', 'deputy')", string(r.SubjectID))
		if err != nil {
			return nil, err
		}
		for _, m := range own {
			through := h
			through.Kind, through.Who, through.Name, through.Team = policies.Person, m.SubjectID, m.Name, r.Name
			all = append(all, thenRow{Holding: through, gives: gives})
		}
	}
	return all, nil
}

// lentThen is what the lender's own role gave, and his name; nothing when it
// did not hold.
func (s *Service) lentThen(ctx context.Context, p *past, id iam.AssignmentID) (policies.Actions, string, error) {
	rows, err := s.readThen(ctx, p, "a.id = ?", string(id))
	if err != nil || len(rows) == 0 {
		return 0, "", err
	}
	gives, err := s.gaveThen(ctx, p, rows[0].Role, rows[0].OrgID)
	return gives, rows[0].Name, err
}

// gaveThen is what a role allows: a member gets what his place gave its members,
// a tenant's own role, which is read once, is the sum of its sets.
func (s *Service) gaveThen(ctx context.Context, p *past, role policies.Role, org iam.OrgID) (gives policies.Actions, err error) {
	if known, ok := p.sums[role]; ok {
		return known, nil
	}
	roles := []policies.Role{role}
	switch {
	case role == policies.Member:
		if o := p.places[org]; o != nil && o.MemberRole != "" {
			roles[0] = policies.Role(o.MemberRole)
		}
	case role.Custom():
		var sets string
		err := s.DB.WithContext(ctx).Raw("SELECT sets FROM custom_roles WHERE id = ?", role.Bundle()).Scan(&sets).Error
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", role, err)
		}
		roles = roles[:0]
		for set := range strings.FieldsSeq(sets) {
			roles = append(roles, policies.Role(set))
		}
	}
	for _, r := range roles {
		gives |= s.Decider.Gives(r)
	}
	if role.Custom() {
		p.sums[role] = gives
	}
	return gives, nil
}

// may is what a holding allowed at a place or with a device there.
func (p *past) may(h thenRow, org iam.OrgID, device iam.DeviceID) policies.Actions {
	if p.shut(org) {
		return 0
	}
	if h.device != "" {
		if h.device != device {
			return 0
		}
		return h.gives & policies.OnDevice
	}
	depth, hidden := p.depth(org, h.org)
	if depth < 0 || depth > 0 && h.reach != policies.Subtree {
		return 0
	}
	if hidden && !h.Role.LooksIn() {
		return h.gives &^ policies.Viewing
	}
	return h.gives
}
