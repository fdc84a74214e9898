package orgs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// What stands against a deputy.
var (
	ErrNoEnd    = fault.New(fault.Unprocessable, "deputy-no-end", "Say until when somebody stands in for you.")
	ErrMyDeputy = fault.New(fault.Unprocessable, "deputy-self", "You cannot stand in for yourself.")
)

// LendRequest lets somebody stand in for the person who acts.
type LendRequest struct {
	Leans  iam.AssignmentID // one of his own roles
	To     string           // a person's address or id
	Role   string           // viewer, member, operator or manager, within the role that it leans on; "" for the same
	Until  time.Time
	Reason string
}

// Lend names a deputy. His role leans on the lender's: it allows no more than
// that, and ends with it. What is lent or shared is lent to nobody else. Who may
// not share lends to people of the same tenant alone; who is not known there is
// invited to it. EndRole takes it back. Field names: to, role, until.
func (s *Service) Lend(ctx context.Context, r LendRequest) (done LetIn, err error) {
	from, err := s.assignment(ctx, r.Leans)
	if err != nil {
		return LetIn{}, err
	}
	if from.User != asking(ctx) {
		return LetIn{}, policies.ErrHidden
	}
	if from.Source == policies.Shared || from.Source == policies.Deputy {
		return LetIn{}, policies.ErrLent // a chain of lending would let in whom nobody chose
	}
	if err := s.Decider.RequireDevice(ctx, policies.SeeDevice, from.Org, from.Device); err != nil && !s.Decider.May(ctx, policies.ReadOrg, from.Org) {
		return LetIn{}, err // a place that is shut, or asks for a better sign-in
	}
	var form iam.Form
	to, err := s.subjectOf(ctx, from.Tenant, r.To)
	stranger := false
	if errors.Is(err, ErrNobody) && strings.Contains(r.To, "@") && s.Decider.May(ctx, policies.Share, from.Org) {
		to, err = s.acquainted(ctx, from.Tenant, r.To)
		stranger = errors.Is(err, ErrNobody)
	}
	if err == nil && to.kind != policies.Person {
		err = ErrNobody
	}
	if err == nil && to.id == from.User {
		err = ErrMyDeputy
	}
	if !stranger {
		form.Check("to", err)
	}
	role, err := policies.ParseRole(either(r.Role, string(from.Role)))
	form.Check("role", err)
	if err = s.endsWell(from.From, r.Until); err == nil && r.Until.IsZero() {
		err = ErrNoEnd
	}
	form.Check("until", err)
	if err := form.Err(); err != nil {
		return LetIn{}, err
	}
	g := policies.Grant{Subject: to.id, Role: role, Org: from.Org, Device: from.Device, Reach: from.Reach, Until: r.Until, Lent: from.ID,
		Source: policies.Deputy, Reason: r.Reason, By: from.User}
	if stranger {
		return s.inviteWith(ctx, r.To, g)
	}
	d := Deed{Verb: "deputy.name", Gives: true, With: With{Reason: r.Reason}, Area: Area{Org: from.Org, Alone: from.Reach == policies.Self, Device: from.Device, People: []iam.UserID{to.id}},
		Object: audit.Object{Tenant: string(from.Tenant), Org: string(from.Org), Type: "user", ID: string(to.id)},
		Tell:   []live.Event{happened(live.People, from.Tenant, from.Org, string(to.id))}}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if done.ID, err = s.Decider.Grant(ctx, tx, g); err != nil {
			return nil, roleFault(err)
		}
		return audit.Change(nil, audit.Detail{"role": string(role), "until": iam.MicrosOrNull(r.Until)}).
			With("name", to.name).With("leans", string(from.ID)).With("assignment", string(done.ID)), nil
	}
	err = s.Perform(ctx, &d)
	return done, err
}

// Deputising is that somebody stands in for somebody.
type Deputising struct {
	ID         iam.AssignmentID
	Lender     iam.UserID
	LenderName string
	Deputy     iam.UserID
	DeputyName string
	Role       policies.Role
	Org        iam.OrgID
	OrgName    string
	Until      time.Time
	Reason     string
	CreatedAt  time.Time
}

// Deputies lists who stands in for the person who acts in ctx, and for whom he
// does, the newest first.
func (s *Service) Deputies(ctx context.Context) (lent, borrowed []Deputising, err error) {
	me := string(asking(ctx))
	var rows []struct {
		ID, GrantedBy, Lender, SubjectID, Deputy, Role, OrgID, OrgName, Reason string
		ValidTo                                                                *int64
		CreatedAt                                                              int64
	}
	err = s.DB.WithContext(ctx).Raw(`SELECT a.id, a.granted_by, l.name AS lender, a.subject_id, u.name AS deputy, a.role, a.org_id, o.name AS org_name, a.valid_to, a.reason, a.created_at
FROM assignments a JOIN assignments f ON f.id = a.delegated_from AND f.ended_at IS NULL JOIN users l ON l.id = a.granted_by JOIN users u ON u.id = a.subject_id JOIN orgs o ON o.id = a.org_id
WHERE a.delegated_from IS NOT NULL AND (a.granted_by = ? OR a.subject_id = ?) AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?) ORDER BY a.created_at DESC, a.id DESC LIMIT ?`,
		me, me, iam.Micros(s.Now()), sharesMost).Scan(&rows).Error
	if err != nil {
		return nil, nil, fmt.Errorf("list deputies: %w", err)
	}
	for _, r := range rows {
		d := Deputising{iam.AssignmentID(r.ID), iam.UserID(r.GrantedBy), r.Lender, iam.UserID(r.SubjectID), r.Deputy, policies.Role(r.Role), iam.OrgID(r.OrgID), r.OrgName,
			iam.TimeOrZero(r.ValidTo), r.Reason, iam.Time(r.CreatedAt)}
		if d.Lender == iam.UserID(me) {
			lent = append(lent, d)
		} else {
			borrowed = append(borrowed, d)
		}
	}
	return lent, borrowed, nil
}
