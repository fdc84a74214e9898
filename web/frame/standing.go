package frame

import (
	"context"
	"slices"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
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
	default: // belongs nowhere, or to the platform alone
		s.role = policies.PlatformAdmin
		return s, f.nowhere(s.platform)
	}
	if err != nil {
		return s, err
	}
	if s.path, err = f.path(ctx, s.org.ID); err != nil {
		return s, err
	}
	s.role, err = f.role(ctx, at.user, s.org.ID, seats)
	s.manages = f.Decider.May(ctx, policies.ReadAudit, s.org.ID)
	s.devices = f.Decider.May(ctx, policies.ReadDevice, s.org.ID)
	if err == nil && f.Decider.May(ctx, policies.RevealRegistrationKey, s.org.ID) {
		s.key, err = f.key(ctx, s.org.ID)
	}
	return s, err
}

// ErrNowhere is for somebody whose last role has ended.
var ErrNowhere = fault.New(fault.Refused, "belongs-nowhere", "You belong to no organisation any more. Ask for a new invitation.")

func (f *Frame) nowhere(platform bool) error {
	if platform {
		return nil
	}
	return ErrNowhere
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

func (f *Frame) role(ctx context.Context, user iam.UserID, org iam.OrgID, seats []policies.Assignment) (policies.Role, error) {
	above, err := f.Orgs.Path(ctx, org)
	if err != nil {
		return "", err
	}
	for _, r := range rank {
		for _, a := range seats {
			if a.Role == r && slices.ContainsFunc(above, func(c orgs.Crumb) bool { return c.ID == a.Org }) {
				return r, nil
			}
		}
	}
	return policies.PlatformAdmin, nil
}

// key is the place's registration key with its second half hidden, or nil where
// there is none or the viewer may not see it.
func (f *Frame) key(ctx context.Context, org iam.OrgID) (*ui.MaskedKey, error) {
	k, err := f.Orgs.KeyFor(ctx, org)
	if f := fault.Of(err); f != nil && (f.Kind == fault.NotFound || f.Kind == fault.Refused) {
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
