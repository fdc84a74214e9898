package orgs

import (
	"cmp"
	"context"
	"slices"
	"time"

	"halfkey/iam"
	"halfkey/policies"
)

// Reach is what somebody could reach at a moment: by what, and where.
type Reach struct {
	Held    []Holding      // what allowed it
	Places  []iam.OrgID    // with all devices that were in them
	Devices []iam.DeviceID // single ones, shared
	Names   map[iam.OrgID]string
}

// ReachAt says where in the tenant of org somebody could do act at a moment, as
// far as whoever asks may read the trail there. It asks for ReadAudit at org.
func (s *Service) ReachAt(ctx context.Context, org iam.OrgID, who iam.UserID, act policies.Action, at time.Time) (r Reach, err error) {
	if err := s.Decider.Require(ctx, policies.ReadAudit, org); err != nil {
		return r, err
	}
	tenant, err := s.Decider.TenantOf(ctx, org)
	if err != nil {
		return r, err
	}
	scope, err := s.Decider.Scope(ctx, policies.ReadAudit)
	if err != nil {
		return r, err
	}
	p, err := s.past(ctx, tenant, at)
	if err != nil {
		return r, err
	}
	held, err := s.heldThen(ctx, p, `a.tenant_id = ? AND (a.subject_id = ? OR a.subject_type = 'org' AND a.subject_id IN
 (SELECT m.org_id FROM assignments m WHERE m.subject_id = ? AND m.subject_type = 'user'))`, string(tenant), string(who), string(who))
	if err != nil {
		return r, err
	}
	held = slices.DeleteFunc(held, func(h thenRow) bool { return h.Who != who || !h.gives.Has(act) || !scope.Has(h.org) })
	r.Names = map[iam.OrgID]string{}
	for id, o := range p.places {
		if !scope.Has(id) {
			continue
		}
		r.Names[id] = o.Name
		if slices.ContainsFunc(held, func(h thenRow) bool { return h.device == "" && p.may(h, id, "").Has(act) }) {
			r.Places = append(r.Places, id)
		}
	}
	slices.SortFunc(r.Places, func(a, b iam.OrgID) int { return cmp.Compare(r.Names[a]+"|"+string(a), r.Names[b]+"|"+string(b)) })
	for _, h := range held {
		r.Held = append(r.Held, h.Holding)
		if h.device != "" {
			r.Devices = append(r.Devices, h.device)
		}
	}
	return r, nil
}
