package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/auth"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

func (p *Portal) people(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.people"), "people")
	if err != nil {
		return err
	}
	return p.answerPeople(c, http.StatusOK, h, inviteForm{Role: string(policies.Member)})
}

func (p *Portal) answerPeople(c echo.Context, status int, h frame.Here, f inviteForm) error {
	v, err := p.peopleOf(c.Request().Context(), h)
	if err != nil {
		return err
	}
	f.Roles = p.rolesToGive(c.Request().Context(), h.Org.ID)
	v.Form = f
	h.Page.Path = "/people?org=" + string(h.Org.ID)
	h.Page.Stream = h.Events("people")
	return show.Page(c, status, peopleView(h.Page, v))
}

func (p *Portal) peopleOf(ctx context.Context, h frame.Here) (v peoplePage, err error) {
	v = peoplePage{Org: h.Org.Name, OrgID: string(h.Org.ID), Mail: p.Recovery.Post.On(), Services: p.Decider.May(ctx, policies.ReadService, h.Org.ID), CanAsk: p.Decider.May(ctx, policies.ManagePeople, h.Org.ID)}
	people, err := p.Orgs.People(ctx, h.Org.ID)
	if err != nil {
		return v, err
	}
	me, _ := auth.Of(ctx)
	for _, person := range people {
		m := member{ID: person.ID, Name: person.Name, Email: string(person.Email), You: person.ID == me.User}
		for _, s := range person.Seats {
			r := held{Role: p.roleWord(ctx, s.Role), From: s.OrgName}
			if m.You || p.ends(ctx, s.Role, s.Org) {
				r.End = string(s.ID)
				r.Ends = ui.T(ctx, "portal.people.end.role", "Name", person.Name, "Role", r.Role, "Org", s.OrgName)
			}
			m.Roles = append(m.Roles, r)
		}
		v.Members = append(v.Members, m)
	}
	if v.Members, err = p.fromAbove(ctx, v.Members, h.Org.ID, me.User); err != nil {
		return v, err
	}
	open, err := p.Orgs.Invitations(ctx, h.Org.ID)
	if err != nil {
		return v, err
	}
	for _, i := range open {
		v.Invited = append(v.Invited, invited{ID: string(i.ID), Email: string(i.Email), Role: p.roleWord(ctx, i.Role), Org: i.OrgName, Expires: i.ExpiresAt})
	}
	if v.CanAsk {
		if v.Sees, v.SeesAll, err = p.Orgs.WillSee(ctx, h.Org.ID); fault.MayNot(err) {
			err = nil
		}
	}
	return v, err
}

// ends tells whether the viewer may end others' roles of this kind there, as far as
// a button goes: the deed judges for itself.
func (p *Portal) ends(ctx context.Context, role policies.Role, org iam.OrgID) bool {
	if !p.Decider.May(ctx, policies.ManagePeople, org) {
		return false
	}
	within, err := p.Decider.Within(ctx, role, org)
	return err == nil && within
}

// fromAbove adds who sees this place because of a role further up; the place
// where it is held is named as far as the viewer may know it.
func (p *Portal) fromAbove(ctx context.Context, members []member, org iam.OrgID, me iam.UserID) ([]member, error) {
	holders, err := p.Decider.WhoMay(ctx, p.DB.WithContext(ctx), policies.ReadDevice, org, "")
	if err != nil {
		return nil, err
	}
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return nil, err
	}
	here := map[iam.UserID]bool{}
	for _, m := range members {
		here[m.ID] = true
	}
	var ids []iam.UserID
	for _, w := range holders {
		ids = append(ids, w.User)
	}
	users, err := p.Users.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, w := range holders {
		if from := places[w.Org]; !here[w.User] && from != "" {
			members = append(members, member{ID: w.User, Name: w.Name, Email: string(users[w.User].Email), You: w.User == me,
				Roles: []held{{Role: p.roleWord(ctx, w.Role), From: from}}})
		}
	}
	return members, nil
}

// rolesToGive are those that the viewer could give here, the tenant's own at the end.
func (p *Portal) rolesToGive(ctx context.Context, org iam.OrgID) []ui.Option {
	var all []ui.Option
	for _, o := range roleOptions(ctx) {
		if p.Decider.MayGrant(ctx, policies.Role(o.Value), org) == nil {
			all = append(all, o)
		}
	}
	tenant, err := p.Decider.TenantOf(ctx, org)
	if err != nil {
		return all
	}
	own, _ := p.Orgs.CustomRoles(ctx, tenant) // for whoever reads people in all of the tenant
	for _, r := range own {
		if p.Decider.MayGrant(ctx, r.Role, org) == nil {
			all = append(all, ui.Option{Value: string(r.Role), Label: r.Name})
		}
	}
	return all
}

// invite makes a link and shows it, once.
func (p *Portal) invite(c echo.Context) error {
	ctx := c.Request().Context()
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, org, ui.T(ctx, "portal.people"), "people")
	if err != nil {
		return err
	}
	f := inviteForm{Email: c.FormValue("email"), Role: c.FormValue("role")}
	byMail := p.Recovery.Post.On() && c.FormValue("link") == ""
	var token vault.Secret
	if byMail {
		_, err = p.Orgs.InviteByMail(ctx, org, f.Email, f.Role)
	} else {
		token, _, err = p.Orgs.Invite(ctx, org, f.Email, f.Role)
	}
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerPeople(c, http.StatusUnprocessableEntity, h, f)
	}
	if err != nil {
		return err
	}
	back := "/people?org=" + url.QueryEscape(string(org))
	h.Page.Path = back
	if byMail {
		return show.Page(c, http.StatusOK, sentPage(h.Page, f.Email, h.Org.Name, back))
	}
	return show.Page(c, http.StatusOK, invitedPage(h.Page, ui.T(ctx, "portal.invited.text", "Email", f.Email, "Org", h.Org.Name), p.BaseURL(c)+"/i/"+token.Reveal(), back))
}

func (p *Portal) revokeInvitation(c echo.Context) error {
	id, err := iam.ParseInvitationID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := p.Orgs.RevokeInvitation(c.Request().Context(), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, peopleAt(c.FormValue("org")))
}

// peopleAt is the page of the people at a place named by a form.
func peopleAt(org string) string {
	if id, err := iam.ParseOrgID(org); err == nil {
		return "/people?org=" + string(id)
	}
	return "/people"
}

// askEnd says what ends with a role.
func (p *Portal) askEnd(c echo.Context) error {
	ctx := c.Request().Context()
	h, person, seat, err := p.seat(c)
	if err != nil {
		return err
	}
	role := p.roleWord(ctx, seat.Role)
	q := ask.Question{
		Title: ui.T(ctx, "portal.people.end.title", "Name", person.Name), Text: ui.T(ctx, "portal.people.end.text", "Name", person.Name, "Role", role, "Org", seat.OrgName),
		Action: "/people/roles/" + string(seat.ID) + "/end", Hidden: ask.Hidden("org", string(seat.Org)), Danger: true,
		Yes: ui.T(ctx, "portal.people.end.yes"), No: ui.T(ctx, "portal.people.end.no"), NoHref: "/people?org=" + string(seat.Org)}
	err = q.Foresee(ctx, func(ctx context.Context) error { return p.Orgs.EndRole(ctx, seat.ID, orgs.With{}) })
	if errors.Is(err, policies.ErrLastOwner) {
		return show.Page(c, http.StatusConflict, lastOwnerPage(h.Page, q))
	}
	if err != nil {
		return err
	}
	return show.Page(c, http.StatusOK, ask.Page(h.Page, q))
}

// seat finds the role that the address names among those that the viewer sees.
func (p *Portal) seat(c echo.Context) (h frame.Here, who orgs.Person, s orgs.Seat, err error) {
	id, err := iam.ParseAssignmentID(c.Param("id"))
	if err != nil {
		return h, who, s, err
	}
	if h, err = p.Frame.At(c, ui.T(c.Request().Context(), "portal.people"), "people"); err != nil {
		return h, who, s, err
	}
	people, err := p.Orgs.People(c.Request().Context(), h.Org.ID)
	if err != nil {
		return h, who, s, err
	}
	for _, person := range people {
		for _, seat := range person.Seats {
			if seat.ID == id {
				return h, person, seat, nil
			}
		}
	}
	return h, who, s, policies.ErrHidden
}

func (p *Portal) endRole(c echo.Context) error {
	id, err := iam.ParseAssignmentID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := p.Orgs.EndRole(c.Request().Context(), id, orgs.With{}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, peopleAt(c.FormValue("org")))
}

func (p *Portal) peopleStream(c echo.Context) (stream.View, error) {
	wants := func(e live.Event) bool { return e.Kind == live.People }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		h, err := p.Frame.At(c, "", "people")
		if err != nil {
			return err
		}
		v, err := p.peopleOf(ctx, h)
		if err != nil {
			return err
		}
		return out.Part(ctx, "people", peopleList(v))
	}}, nil
}
