package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/auth"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// person is what somebody holds at a place and below, and what he sees by it.
func (p *Portal) person(c echo.Context) error { return p.answerPerson(c, http.StatusOK, roleForm{}) }

func (p *Portal) answerPerson(c echo.Context, status int, f roleForm) error {
	ctx := c.Request().Context()
	h, who, err := p.personAt(c)
	if err != nil {
		return err
	}
	me, _ := auth.Of(ctx)
	v := personPage{ID: string(who.ID), Name: who.Name, Email: string(who.Email), You: who.ID == me.User, Org: h.Org.Name, OrgID: string(h.Org.ID), Form: f}
	if v.Roles, err = p.rolesOf(ctx, who, h.Org); err != nil {
		return err
	}
	if v.Sees, err = p.seenBy(ctx, who.ID, h.Org); err != nil {
		return err
	}
	if !v.You {
		v.Form.Roles = p.rolesToGive(ctx, h.Org.ID)
		v.MayLook = p.Decider.May(ctx, policies.Impersonate, h.Org.ID)
		v.MayHelp = p.Orgs.MayHelp(ctx, me.User, who.ID) == nil
		if standing, err := p.Orgs.StandingOfPerson(ctx, who.ID); err == nil && p.Decider.May(ctx, policies.ManagePeople, who.Home) {
			v.Off, v.MaySwitch = standing.Is != iam.InForce, true
		}
	}
	h.Page.Title, h.Page.Path = who.Name, "/people/"+v.ID+"?org="+v.OrgID
	return show.Page(c, status, personView(h.Page, v))
}

// personAt finds the person that the address names, if the viewer sees him here
// or where he is at home.
func (p *Portal) personAt(c echo.Context) (h frame.Here, who iam.User, err error) {
	id, err := iam.ParseUserID(c.Param("id"))
	if err != nil {
		return h, who, err
	}
	ctx := c.Request().Context()
	if h, err = p.Frame.At(c, "", "people"); err != nil {
		return h, who, err
	}
	me, _ := auth.Of(ctx)
	if who, err = p.Users.Get(ctx, id); errors.Is(err, iam.ErrUserUnknown) {
		return h, who, policies.ErrHidden
	}
	if err != nil || id == me.User || p.knows(ctx, who) {
		return h, who, err
	}
	seats, err := p.Decider.Of(ctx, id)
	if err == nil && len(seats) == 0 {
		err = policies.ErrHidden
	}
	return h, who, err
}

// rolesOf is what somebody holds; the place that the page is about has its name also
// for who looks in from outside.
func (p *Portal) rolesOf(ctx context.Context, who iam.User, here orgs.Org) ([]heldRole, error) {
	seats, err := p.Decider.Of(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return nil, err
	}
	me, _ := auth.Of(ctx)
	var all []heldRole
	for _, a := range seats {
		l := heldRole{Role: p.roleWord(ctx, a.Role), Place: nameIn(places, a.Org, here), Source: howWord(ctx, a.Source), Until: a.Until}
		if a.Source != policies.Invited && a.Source != policies.Founding { // theirs is the program's own
			l.Reason = a.Reason
		}
		if a.Device != "" {
			if d, err := p.Devices.Get(ctx, a.Device); err == nil {
				l.Place = d.Name
			}
		}
		if who.ID == me.User || p.ends(ctx, a.Role, a.Org) {
			l.End = "/people/roles/" + string(a.ID) + "?org=" + string(a.Org)
			l.Ends = ui.T(ctx, "portal.people.end.role", "Name", who.Name, "Role", l.Role, "Org", l.Place)
		}
		all = append(all, l)
	}
	return all, nil
}

// seenMost bounds how many devices a person's page explains.
const seenMost = 25

// seenBy is what somebody sees of a place, each with the role that lets him, as
// far as the viewer sees it himself.
func (p *Portal) seenBy(ctx context.Context, who iam.UserID, here orgs.Org) (all []seenLine, err error) {
	list, err := p.Devices.List(ctx, devices.Filter{Org: here.ID, Limit: 100})
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if len(all) == seenMost || !p.Decider.MayUser(ctx, who, policies.ReadDevice, d.Org, d.ID) {
			continue
		}
		e, _, err := p.Orgs.Explain(ctx, who, policies.ReadDevice, d.Org, d.ID)
		if fault.MayNot(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l := seenLine{Device: d.Name, Href: "/devices/" + string(d.ID), Why: "/why?" + url.Values{"who": {string(who)}, "device": {string(d.ID)}}.Encode()}
		if e.Link != nil {
			l.By = p.roleWord(ctx, e.Link.Role)
			if places, err := p.Frame.PlaceNames(ctx); err == nil {
				l.From = nameIn(places, e.Link.Org, here)
			}
		}
		all = append(all, l)
	}
	return all, nil
}

// nameIn is what a place is called, as far as the viewer knows it.
func nameIn(places map[iam.OrgID]string, org iam.OrgID, here orgs.Org) string {
	if org == here.ID {
		return here.Name
	}
	return places[org]
}

// howWord says how somebody came to a role.
func howWord(ctx context.Context, s policies.Source) string {
	switch s {
	case policies.Invited:
		return ui.T(ctx, "person.source.invite")
	case policies.Shared:
		return ui.T(ctx, "person.source.share")
	case policies.Deputy:
		return ui.T(ctx, "person.source.deputy")
	case policies.Founding:
		return ui.T(ctx, "person.source.founding")
	}
	return ui.T(ctx, "person.source.direct")
}

// giveRole shows what a role would change, and gives it when that is wanted.
func (p *Portal) giveRole(c echo.Context) error {
	ctx := c.Request().Context()
	_, who, err := p.personAt(c)
	if err != nil {
		return err
	}
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	f := roleForm{Role: c.FormValue("role"), Until: c.FormValue("until"), Reason: strings.TrimSpace(c.FormValue("reason"))}
	give := func(ctx context.Context) error {
		_, err := p.Orgs.GiveRole(ctx, orgs.RoleRequest{Org: org, To: string(who.ID), Role: f.Role, Until: form.Moment(f.Until), Reason: f.Reason})
		return err
	}
	back := "/people/" + string(who.ID) + "?org=" + string(org)
	err = ask.Before(c, p.Frame, give, ask.Question{
		Title: ui.T(ctx, "person.give.title", "Name", who.Name, "Role", p.roleWord(ctx, policies.Role(f.Role))), Text: ui.T(ctx, "portal.sure.text"),
		Action: "/people/" + string(who.ID) + "/roles", Hidden: ask.Hidden("org", string(org), "role", f.Role, "until", f.Until, "reason", f.Reason),
		Yes: ui.T(ctx, "person.give.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: back})
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerPerson(c, http.StatusUnprocessableEntity, f)
	}
	return err
}

// switchPerson switches somebody off, or on again.
func (p *Portal) switchPerson(c echo.Context) error {
	ctx := c.Request().Context()
	h, who, err := p.personAt(c)
	if err != nil {
		return err
	}
	back := "/people/" + string(who.ID) + "?org=" + string(h.Org.ID)
	if c.FormValue("on") != "" {
		if err := p.Orgs.Enable(ctx, who.ID); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, back)
	}
	return ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.Disable(ctx, who.ID) }, ask.Question{
		Title: ui.T(ctx, "person.off.title", "Name", who.Name), Text: ui.T(ctx, "person.off.text"), Action: "/people/" + string(who.ID) + "/switch",
		Yes: ui.T(ctx, "person.off.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: back, Danger: true})
}

// look lets a support person see what this one sees.
func (p *Portal) look(c echo.Context) error {
	ctx := c.Request().Context()
	h, who, err := p.personAt(c)
	if err != nil {
		return err
	}
	me, _ := auth.Of(ctx)
	err = p.Frame.Door.Looks.Begin(ctx, me, who.ID, h.Org.ID, c.FormValue("reason"))
	if wrong, ok := form.Wrong(err); ok {
		return p.answerPerson(c, http.StatusUnprocessableEntity, roleForm{WrongLook: wrong["reason"]})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// mountPerson adds what one does with a single person.
func (p *Portal) mountPerson(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/people/:id": p.person, "/why": p.why} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh
	g.POST("/people/:id/roles", p.giveRole, fresh)
	g.POST("/people/:id/switch", p.switchPerson, fresh)
	g.POST("/people/:id/look", p.look, fresh)
}
