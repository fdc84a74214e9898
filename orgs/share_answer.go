package orgs

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// AcceptShare lets a share hold that was offered to an organisation in which the
// person who acts in ctx manages people. It fails with ErrVoid when whoever
// offered it may no longer do so.
func (s *Service) AcceptShare(ctx context.Context, id iam.AssignmentID) error {
	a, other, err := s.offered(ctx, id)
	if err != nil {
		return err
	}
	d := Deed{Verb: "share.accept", Gives: true, Area: Area{Org: a.Org, Device: a.Device}, Object: sharedIn(a), Tell: shareEvents(a, other)}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		_, err := s.Decider.Accept(ctx, tx, id)
		if f := fault.Of(err); f != nil && f.Kind != fault.Internal && f.Kind != fault.Unavailable {
			return nil, ErrVoid.Because(err)
		}
		return audit.Detail{"share": string(id), "by": string(other.ID), "name": other.Name}, err
	}
	return s.Perform(ctx, &d)
}

// DeclineShare sends an offered share back.
func (s *Service) DeclineShare(ctx context.Context, id iam.AssignmentID, w With) error {
	a, other, err := s.offered(ctx, id)
	if err != nil {
		return err
	}
	return s.letGo(ctx, a, other, "share.decline", w)
}

// EndShare ends a share, from either side: who may share there, who manages
// people where it was let in, or the person himself.
func (s *Service) EndShare(ctx context.Context, id iam.AssignmentID, w With) error {
	a, err := s.assignment(ctx, id)
	if err != nil {
		return err
	}
	if a.Source != policies.Shared {
		return policies.ErrHidden
	}
	var other Org
	if a.SubjectType == policies.Team {
		if other, err = findOrg(s.DB.WithContext(ctx), iam.OrgID(a.User)); err != nil {
			return err
		}
	}
	return s.letGo(ctx, a, other, "share.end", w)
}

func (s *Service) letGo(ctx context.Context, a policies.Assignment, other Org, verb string, w With) error {
	people, err := s.behind(ctx, a)
	if err != nil {
		return err
	}
	d := Deed{Verb: verb, With: w, Area: Area{Org: a.Org, Device: a.Device, People: people}, Object: sharedIn(a), Tell: shareEvents(a, other)}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if _, err := s.Decider.End(ctx, tx, a.ID, w.Reason); err != nil {
			return nil, err
		}
		return audit.Detail{"share": string(a.ID), "role": string(a.Role), "of": string(a.User)}, s.Decider.EndLent(ctx, tx)
	}
	return s.Perform(ctx, &d)
}

// offered finds an open offer and to whom, for somebody who may answer it; for
// others there is none.
func (s *Service) offered(ctx context.Context, id iam.AssignmentID) (a policies.Assignment, other Org, err error) {
	if a, err = s.assignment(ctx, id); err != nil {
		return a, other, err
	}
	if a.Source != policies.Shared || a.SubjectType != policies.Team || !s.Decider.May(ctx, policies.ReadPeople, iam.OrgID(a.User)) {
		return a, other, policies.ErrHidden
	}
	if err := s.Decider.Require(ctx, policies.ManagePeople, iam.OrgID(a.User)); err != nil {
		return a, other, err
	}
	other, err = findOrg(s.DB.WithContext(ctx), iam.OrgID(a.User))
	return a, other, err
}

func sharedIn(a policies.Assignment) audit.Object {
	return shareObject(Org{ID: a.Org, Tenant: a.Tenant}, a.Device)
}

// shareEvents tell both sides.
func shareEvents(a policies.Assignment, other Org) []live.Event {
	events := []live.Event{happened(live.People, a.Tenant, a.Org, string(a.ID))}
	if other.ID != "" && other.Tenant != a.Tenant {
		events = append(events, happened(live.People, other.Tenant, other.ID, string(a.ID)))
	}
	return events
}
