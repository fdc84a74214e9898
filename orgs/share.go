package orgs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// ErrShareRole says how far a share goes.
var ErrShareRole = fault.New(fault.Unprocessable, "share-role", "What is shared can be seen (viewer), read with a key (member) or looked after (operator), no more.")

// ShareRequest lets somebody in from elsewhere: to a place with all that lies in
// it, or to one device.
type ShareRequest struct {
	Org    iam.OrgID
	Device iam.DeviceID // that one alone; then Org may be empty
	To     string       // a person's address, or the slug or id of an organisation: a tenant, or one of one's own tenant
	Role   string       // viewer, member, operator
	Until  time.Time    // zero for no end; cut to what the sharer holds himself
	Reason string
}

// LetIn is what came of sharing or lending: a role, or an invitation that
// carries one, for whoever is not known in the tenant yet.
type LetIn struct {
	ID         iam.AssignmentID
	Waiting    bool // for the other organisation's word
	Invitation iam.InvitationID
	Token      vault.Secret // of the invitation's link, shown once
}

// Share shares. It makes nobody one of the place's own: who was let in lets
// nobody else in. To an organisation it holds once somebody who manages people
// there has accepted. Field names: to, role, until.
func (s *Service) Share(ctx context.Context, r ShareRequest) (LetIn, error) {
	if r.Device != "" {
		if err := s.placeOfDevice(ctx, &r); err != nil {
			return LetIn{}, err
		}
	}
	if err := s.Decider.Require(ctx, policies.Share, r.Org); err != nil {
		return LetIn{}, err
	}
	o, err := findOrg(s.DB.WithContext(ctx), r.Org)
	if err != nil {
		return LetIn{}, err
	}
	var form iam.Form
	role, err := policies.ParseRole(r.Role)
	if err == nil && !slices.Contains([]policies.Role{policies.Viewer, policies.Member, policies.Operator}, role) {
		err = ErrShareRole
	}
	form.Check("role", err)
	form.Check("until", s.endsWell(time.Time{}, r.Until))
	to, err := s.shareWith(ctx, o, r.To)
	stranger := errors.Is(err, ErrNobody) && strings.Contains(r.To, "@")
	if !stranger {
		form.Check("to", err)
	}
	if err := form.Err(); err != nil {
		return LetIn{}, err
	}
	if stranger {
		return s.inviteToShare(ctx, o, r, role)
	}
	return s.shareTo(ctx, o, r, role, to)
}

// placeOfDevice finds where a device lies, for somebody who sees it.
func (s *Service) placeOfDevice(ctx context.Context, r *ShareRequest) error {
	err := s.DB.WithContext(ctx).Raw("SELECT org_id FROM devices WHERE id = ? AND removed_at IS NULL", string(r.Device)).Scan(&r.Org).Error
	if err != nil {
		return err
	}
	return s.Decider.RequireDevice(ctx, policies.Share, r.Org, r.Device)
}

// shareWith finds who shall be let in. A tenant is found by its name by whoever
// knows it.
func (s *Service) shareWith(ctx context.Context, o Org, to string) (subject, error) {
	to = strings.TrimSpace(to)
	if strings.Contains(to, "@") {
		return s.acquainted(ctx, o.Tenant, to)
	}
	other, err := s.TenantNamed(ctx, to)
	if err == nil && other.ID != o.Tenant {
		return subject{policies.Team, iam.UserID(other.ID), other.Name, other}, nil
	}
	if err != nil && !errors.Is(err, ErrNobody) {
		return subject{}, err
	}
	who, err := s.subjectOf(ctx, o.Tenant, to)
	if err == nil && who.kind == policies.Team && who.org.ID == o.ID {
		err = ErrNobody // a place need not be let into itself
	}
	return who, err
}

func (s *Service) inviteToShare(ctx context.Context, o Org, r ShareRequest, role policies.Role) (LetIn, error) {
	return s.inviteWith(ctx, r.To, policies.Grant{Role: role, Org: o.ID, Device: r.Device, Until: r.Until, Source: policies.Shared, Reason: r.Reason, By: asking(ctx)})
}

// inviteWith offers a grant to somebody who is not known here. It asks nowhere
// whether there is an account with his address.
func (s *Service) inviteWith(ctx context.Context, to string, g policies.Grant) (LetIn, error) {
	email, err := iam.ParseEmail(to)
	if err != nil {
		return LetIn{}, iam.Wrong("to", err)
	}
	if err := s.Decider.WouldGrant(ctx, g); err != nil {
		return LetIn{}, roleFault(err)
	}
	if Rehearsing(ctx) != nil {
		return LetIn{}, nil // until somebody accepts, nothing changes
	}
	row := invitationRow{OrgID: string(g.Org), Email: string(email), Role: string(g.Role), Source: string(g.Source), Reach: string(g.Reach), ValidTo: iam.MicrosOrNull(g.Until), Reason: g.Reason}
	if g.Device != "" {
		row.DeviceID = (*string)(&g.Device)
	}
	if g.Lent != "" {
		row.LentFrom = (*string)(&g.Lent)
	}
	token, id, err := s.offer(ctx, row, false)
	return LetIn{Invitation: id, Token: token}, err
}

func (s *Service) shareTo(ctx context.Context, o Org, r ShareRequest, role policies.Role, to subject) (done LetIn, err error) {
	g := policies.Grant{SubjectType: to.kind, Subject: to.id, Role: role, Org: o.ID, Device: r.Device, Until: r.Until, Source: policies.Shared, Reason: r.Reason, By: asking(ctx)}
	// Who manages both sides has consented.
	g.Offered = to.kind == policies.Team && !s.Decider.May(ctx, policies.ManagePeople, to.org.ID)
	done.Waiting = g.Offered
	d := Deed{Verb: "share.give", Gives: true, With: With{Reason: r.Reason}, Area: Area{Org: o.ID, Device: r.Device},
		Object: shareObject(o, r.Device), Tell: []live.Event{happened(live.People, o.Tenant, o.ID, string(to.id))}}
	if to.kind == policies.Team {
		d.Tell = append(d.Tell, happened(live.People, to.org.Tenant, to.org.ID, string(to.id)))
	} else {
		d.Area.People = []iam.UserID{to.id}
	}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if Rehearsing(ctx) != nil {
			g.Offered = false // what the other side will see once it has accepted
		}
		if done.ID, err = s.Decider.Grant(ctx, tx, g); err != nil {
			return nil, roleFault(err)
		}
		return audit.Change(nil, audit.Detail{"role": string(role), "until": iam.MicrosOrNull(r.Until)}).
			With("to", string(to.id)).With("name", to.name).With("share", string(done.ID)).With("waiting", g.Offered), nil
	}
	err = s.Perform(ctx, &d)
	return done, err
}

// shareObject is what is shared, as the trail names it.
func shareObject(o Org, device iam.DeviceID) audit.Object {
	object := objectOf(o)
	if device != "" {
		object.Type, object.ID = "device", string(device)
	}
	return object
}
