package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// why answers, from any name: why may this person, or why not? Without a
// question it is the form that asks one.
func (p *Portal) why(c echo.Context) error {
	ctx := c.Request().Context()
	q, err := p.asked(c)
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, q.org, ui.T(ctx, "explain.title"), "people")
	org := h.Org.ID
	if fault.MayNot(err) && q.who != "" { // nobody looks into a closed place, and why may be the very question
		org = q.org
		h, err = p.Frame.In(c, "", ui.T(ctx, "explain.title"), "people")
	}
	if err != nil {
		return err
	}
	v := whyPage{Org: string(org), Device: string(q.device), Who: string(q.who), What: q.act.String(), Actions: actionOptions(ctx, q.device != "")}
	if v.People, err = p.peopleOptions(ctx, org, q.who); err != nil {
		return err
	}
	if v.Who != "" {
		e, lines, err := p.Orgs.Explain(ctx, q.who, q.act, org, q.device)
		if err != nil {
			return err
		}
		v.Lines, v.May = show.Lines(ctx, lines), e.Cause == policies.Allowed
		for _, r := range e.Needs {
			v.Needs = append(v.Needs, show.Role(ctx, r))
		}
	}
	h.Page.Path = "/why?" + c.QueryString()
	return show.Page(c, http.StatusOK, whyView(h.Page, v))
}

// whyQuestion is what an address asks.
type whyQuestion struct {
	who    iam.UserID
	act    policies.Action
	org    iam.OrgID
	device iam.DeviceID
}

func (p *Portal) asked(c echo.Context) (q whyQuestion, err error) {
	q.act = policies.ReadDevice
	if s := c.QueryParam("what"); s != "" {
		if q.act, err = policies.ParseAction(s); err != nil {
			return q, err
		}
	}
	if s := c.QueryParam("device"); s != "" {
		id, err := iam.ParseDeviceID(s)
		if err != nil {
			return q, err
		}
		d, err := p.Devices.Get(c.Request().Context(), id)
		if err != nil {
			return q, err
		}
		q.device, q.org = id, d.Org
	} else if s := c.QueryParam("org"); s != "" {
		if q.org, err = iam.ParseOrgID(s); err != nil {
			return q, err
		}
	}
	switch s := strings.TrimSpace(c.QueryParam("who")); {
	case s == "":
	case strings.Contains(s, "@"):
		email, err := iam.ParseEmail(s)
		if err != nil {
			return q, err
		}
		u, err := p.Users.ByEmail(c.Request().Context(), email)
		if err != nil {
			return q, policies.ErrHidden // as for somebody about whom the viewer may not ask
		}
		q.who = u.ID
	default:
		q.who, err = iam.ParseUserID(s)
	}
	return q, err
}

// peopleOptions are those about whom the viewer may ask here; who is asked about
// already is among them.
func (p *Portal) peopleOptions(ctx context.Context, org iam.OrgID, who iam.UserID) ([]ui.Option, error) {
	people, err := p.Orgs.People(ctx, org)
	if fault.MayNot(err) {
		me, _ := policies.Asking(ctx)
		people, err = nil, nil
		if u, err := p.Users.Get(ctx, me); err == nil {
			people = append(people, orgs.Person{User: u})
		}
	}
	if err != nil {
		return nil, err
	}
	known := who == ""
	var all []ui.Option
	for _, person := range people {
		known = known || person.ID == who
		all = append(all, ui.Option{Value: string(person.ID), Label: person.Name + " · " + string(person.Email)})
	}
	if !known {
		if u, err := p.Users.Get(ctx, who); err == nil && p.knows(ctx, u) {
			all = append(all, ui.Option{Value: string(who), Label: u.Name + " · " + string(u.Email)})
		}
	}
	return all, nil
}

// actionOptions are the questions that people ask.
func actionOptions(ctx context.Context, device bool) []ui.Option {
	asks := []policies.Action{policies.ReadDevice, policies.SeeDevice, policies.RevealReadKey, policies.ManageDevice, policies.MoveDevice, policies.DecideStranger,
		policies.ReadOrg, policies.ManageOrg, policies.ManagePeople, policies.Share, policies.RevealRegistrationKey, policies.ManageConnector, policies.ReadAudit, policies.ManageAgent}
	if device {
		asks = asks[:5]
	}
	var all []ui.Option
	for _, a := range asks {
		all = append(all, ui.Option{Value: a.String(), Label: show.Act(ctx, a)})
	}
	return all
}
