package orgs

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// RoleRequest is a role to be given to somebody who is known already.
type RoleRequest struct {
	Org    iam.OrgID
	To     string // a person's address or id, or the id or slug of an organisation of the tenant: a team
	Role   string
	Reach  string    // subtree unless said otherwise, or self
	From   time.Time // zero for at once
	Until  time.Time // zero for no end; cut to what the giver holds himself
	Reason string
}

// GiveRole gives a role. Nobody gives what he does not hold, outside of what he
// manages, or for longer than he holds it. Field names: to, role, reach, until.
func (s *Service) GiveRole(ctx context.Context, r RoleRequest) (id iam.AssignmentID, err error) {
	if err := s.Decider.Require(ctx, policies.ReadPeople, r.Org); err != nil {
		return "", err
	}
	o, err := findOrg(s.DB.WithContext(ctx), r.Org)
	if err != nil {
		return "", err
	}
	to, g, err := s.parseRole(ctx, o, r)
	if err != nil {
		return "", err
	}
	d := Deed{Verb: "role.give", Gives: true, With: With{Reason: r.Reason}, Area: Area{Org: o.ID, Alone: g.Reach == policies.Self},
		Object: audit.Object{Tenant: string(o.Tenant), Org: string(o.ID), Type: string(to.kind), ID: string(to.id)},
		Tell:   []live.Event{happened(live.People, o.Tenant, o.ID, string(to.id))}}
	if to.kind == policies.Person {
		d.Area.People = []iam.UserID{to.id}
	}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if id, err = s.Decider.Grant(ctx, tx, g); err != nil {
			return nil, roleFault(err)
		}
		return audit.Change(nil, audit.Detail{"role": string(g.Role), "reach": string(g.Reach), "from": iam.MicrosOrNull(g.From), "until": iam.MicrosOrNull(g.Until)}).
			With("name", to.name).With("assignment", string(id)), nil
	}
	err = s.Perform(ctx, &d)
	return id, err
}

func (s *Service) parseRole(ctx context.Context, o Org, r RoleRequest) (subject, policies.Grant, error) {
	var form iam.Form
	to, err := s.subjectOf(ctx, o.Tenant, r.To)
	form.Check("to", err)
	role, err := policies.ParseRole(r.Role)
	form.Check("role", err)
	reach := policies.Reach(either(r.Reach, string(policies.Subtree)))
	if reach != policies.Subtree && reach != policies.Self {
		form.Check("reach", ErrChoice)
	}
	form.Check("until", s.endsWell(r.From, r.Until))
	return to, policies.Grant{SubjectType: to.kind, Subject: to.id, Role: role, Org: o.ID, Reach: reach, From: r.From, Until: r.Until,
		Source: policies.Direct, Reason: r.Reason, By: asking(ctx)}, form.Err()
}

// endsWell is nil for an end that is still to come and after the beginning.
func (s *Service) endsWell(from, until time.Time) error {
	switch {
	case until.IsZero():
		return nil
	case !until.After(s.Now()):
		return policies.ErrPast
	case !until.After(from):
		return ErrDates
	}
	return nil
}

// roleFault tells about a role that cannot be given under the field's name.
func roleFault(err error) error {
	if errors.Is(err, policies.ErrRole) {
		return iam.Wrong("role", err)
	}
	return err
}
