package frame

import (
	"context"
	"slices"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// look finds out what a person is at a place: the highest of his roles that
// reaches it, the way to it as far as he may see, and where else he may go.
func (f *Frame) look(ctx context.Context, at spot) (s standing, err error) {
	seats, err := f.Decider.Of(ctx, at.user)
	if err != nil {
		return s, err
	}
	s.platform = slices.ContainsFunc(seats, func(a policies.Assignment) bool { return a.Role == policies.PlatformAdmin })
	if s.places, err = f.places(ctx, s.platform, seats); err != nil {
		return s, err
	}
	s.names = make(map[iam.OrgID]string, len(s.places))
	for _, o := range s.places {
		s.names[o.ID] = o.Name
	}
	switch {
	case at.org != "":
		s.org, err = f.Orgs.Get(ctx, at.org)
	case len(s.places) > 0:
		s.org = s.places[0]
	case s.platform:
		s.role = show.Role(ctx, policies.PlatformAdmin)
		return s, nil
	default:
		err = f.asGuest(ctx, &s, seats)
		return s, err
	}
	if err != nil {
		return s, err
	}
	if s.path, err = f.path(ctx, s.org.ID); err != nil {
		return s, err
	}
	s.role, err = f.role(ctx, s, seats)
	for _, act := range menuAsks {
		if f.Decider.May(ctx, act, s.org.ID) {
			s.does |= policies.ActionsOf(act)
		}
	}
	s.manages, s.devices = s.does.Has(policies.ReadAudit), s.does.Has(policies.ReadDevice)
	if err == nil && f.Decider.May(ctx, policies.RevealRegistrationKey, s.org.ID) {
		s.key, err = f.key(ctx, s.org.ID)
	}
	return s, err
}

// menuAsks are the acts on which the menu depends.
var menuAsks = []policies.Action{policies.ReadAudit, policies.ReadDevice, policies.ManageDevice, policies.DecideStranger, policies.RevealReadKey,
	policies.ReadPeople, policies.ReadConnector, policies.MakeService, policies.ManageAgent}

// keeps tells whether he looks after devices here.
func (s standing) keeps() bool { return s.devices && s.does.Has(policies.ManageDevice) }

// ErrNowhere is for somebody whose last role has ended.
var ErrNowhere = fault.New(fault.Refused, "belongs-nowhere", "You belong to no organisation any more. Ask for a new invitation.")

// asGuest is for who sees no place: single devices are shared with him, or what
// he holds is shut just now, or wants a better sign-in. Who holds nothing at all
// belongs nowhere.
func (f *Frame) asGuest(ctx context.Context, s *standing, seats []policies.Assignment) error {
	shared, err := f.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil {
		return err
	}
	if len(seats) == 0 && shared.Empty() {
		return ErrNowhere
	}
	reveals, err := f.Decider.Scope(ctx, policies.RevealReadKey)
	if !reveals.Empty() {
		s.does |= policies.ActionsOf(policies.RevealReadKey)
	}
	s.guest, s.role = true, ui.T(ctx, "place.guest")
	return err
}

// places are those of the person's organisations. What a platform administrator
// could see besides is not his own to walk through.
func (f *Frame) places(ctx context.Context, platform bool, seats []policies.Assignment) ([]orgs.Org, error) {
	all, err := f.Orgs.Visible(ctx)
	if err != nil || !platform {
		return all, err
	}
	return slices.DeleteFunc(all, func(o orgs.Org) bool {
		return !slices.ContainsFunc(seats, func(a policies.Assignment) bool { return a.Role != policies.PlatformAdmin && a.Tenant == o.Tenant })
	}), nil
}

// path leaves out what lies above the viewer's own places: he knows where he is.
func (f *Frame) path(ctx context.Context, org iam.OrgID) ([]orgs.Crumb, error) {
	all, err := f.Orgs.Path(ctx, org)
	return slices.DeleteFunc(all, func(c orgs.Crumb) bool { return c.ID == "" }), err
}

// rank orders roles from the one that may do most.
var rank = []policies.Role{policies.Owner, policies.Manager, policies.Integrator, policies.Operator, policies.Auditor, policies.ConnectorOperator,
	policies.Support, policies.Member, policies.Viewer}

// role is the highest of somebody's roles at a place, in words.
func (f *Frame) role(ctx context.Context, s standing, seats []policies.Assignment) (string, error) {
	above, err := f.Orgs.Path(ctx, s.org.ID)
	if err != nil {
		return "", err
	}
	var own policies.Role
	for _, r := range rank {
		for _, a := range seats {
			if !slices.ContainsFunc(above, func(c orgs.Crumb) bool { return c.ID == a.Org }) {
				continue
			}
			if a.Role == r {
				return show.Role(ctx, r), nil
			}
			if a.Role.Custom() {
				own = a.Role
			}
		}
	}
	switch {
	case own != "":
		return f.Orgs.RoleName(ctx, own)
	case s.platform:
		return show.Role(ctx, policies.PlatformAdmin), nil
	}
	return show.Role(ctx, policies.Member), nil // through an organisation that is let in
}

// key is the place's registration key with its second half hidden, or nil where
// there is none or the viewer may not see it.
func (f *Frame) key(ctx context.Context, org iam.OrgID) (*ui.MaskedKey, error) {
	k, err := f.Orgs.KeyFor(ctx, org)
	if fault.MayNot(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first, err := f.Orgs.MaskedFirst(ctx, k.ID)
	if err != nil {
		return nil, err
	}
	return &ui.MaskedKey{First: first + "…", Href: "/devices/new?org=" + string(org)}, nil
}
