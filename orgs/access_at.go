package orgs

import (
	"cmp"
	"context"
	"slices"
	"time"

	"halfkey/iam"
	"halfkey/policies"
)

// Spot is a place, or one device in it, at a moment.
type Spot struct {
	Org    iam.OrgID
	Device iam.DeviceID // "" for the place and what lies in it
	At     time.Time
}

// Holding is one way in which somebody could do something at a moment.
type Holding struct {
	Assignment iam.AssignmentID
	Kind       policies.SubjectType // of Who
	Who        iam.UserID
	Name       string
	Role       policies.Role
	Org        iam.OrgID // where he held it
	OrgName    string
	Device     bool   // on the device alone
	Team       string // the organisation through which he held it
	Source     policies.Source
	By         string // who gave it
	Lender     string // for whom he stood in
	Reason     string
	Since      time.Time
	Until      time.Time // zero for no end
	Ended      time.Time // zero while it still holds
	EndedBy    string
	EndedFor   string

	device iam.DeviceID
	reach  policies.Reach
	org    iam.OrgID // of the role, of a team's too
}

// AccessAt lists who could do act at the spot then: from the assignments'
// history, the tree as it was and the states that places had. shut is true when
// the place was closed, so that nobody could. It asks for ReadAudit where the
// spot is.
func (s *Service) AccessAt(ctx context.Context, at Spot, act policies.Action) (all []Holding, shut bool, err error) {
	if err := s.Decider.Require(ctx, policies.ReadAudit, at.Org); err != nil {
		return nil, false, err
	}
	tenant, err := s.Decider.TenantOf(ctx, at.Org)
	if err != nil {
		return nil, false, err
	}
	p, err := s.past(ctx, tenant, at.At)
	if err != nil {
		return nil, false, err
	}
	line := p.line(at.Org)
	ids := make([]string, len(line))
	for i, o := range line {
		ids[i] = string(o.ID)
	}
	held, err := s.heldThen(ctx, p, "(a.device_id = ? OR a.device_id IS NULL AND a.org_id IN ?)", string(at.Device), ids)
	if err != nil {
		return nil, false, err
	}
	for _, h := range held {
		if p.may(h, at.Org, at.Device).Has(act) {
			all = append(all, h.Holding)
		}
	}
	slices.SortStableFunc(all, func(a, b Holding) int { return cmp.Or(cmp.Compare(a.Name, b.Name), a.Since.Compare(b.Since)) })
	return all, p.shut(at.Org), nil
}
