package agents

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// typed is what was typed for an agent, and what is wrong with it by field;
// "" stands for the whole.
type typed struct {
	Name, Profile, Place string
	Wrong                map[string]string
}

func (p *Pages) askNew(c echo.Context) error {
	return p.answerNew(c, http.StatusOK, typed{Profile: string(agents.RSA3072), Place: c.QueryParam("org")})
}

func (p *Pages) answerNew(c echo.Context, status int, f typed) error {
	ctx := c.Request().Context()
	h, err := p.forMaking(c, f.Place, ui.T(ctx, "agents.new"))
	if err != nil {
		return err
	}
	v := newPage{Form: f, Back: ui.Crumb{Name: ui.T(ctx, "agents.title"), Href: "/agents?org=" + string(h.Org.ID)}}
	if v.Form.Place == "" {
		v.Form.Place = string(h.Org.ID)
	}
	if v.Places, err = p.Frame.PlacesFor(ctx, policies.ManageAgent); err != nil {
		return err
	}
	if v.Quota, err = p.Agents.Quota(ctx, h.Org.ID); err != nil {
		return err
	}
	if v.Raise, _, err = p.ways(ctx, h.Org.ID); err != nil {
		return err
	}
	h.Page.Path = "/agents/new?org=" + string(h.Org.ID)
	return show.Page(c, status, newView(h.Page, v))
}

// forMaking is the frame of a page that makes agents, for who may make them there.
func (p *Pages) forMaking(c echo.Context, place, title string) (h frame.Here, err error) {
	if org, wrong := iam.ParseOrgID(place); wrong == nil {
		h, err = p.Frame.In(c, org, title, "agents")
	} else {
		h, err = p.Frame.At(c, title, "agents")
	}
	if err != nil {
		return h, err
	}
	return h, p.Decider.Require(c.Request().Context(), policies.ManageAgent, h.Org.ID)
}

func (p *Pages) create(c echo.Context) error {
	f := typed{Name: c.FormValue("name"), Profile: c.FormValue("profile"), Place: c.FormValue("org")}
	a, err := p.createOne(c.Request().Context(), f)
	if f.refuse(err) {
		return p.answerNew(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, pathOf(a.ID))
}

func (p *Pages) createOne(ctx context.Context, f typed) (a agents.Agent, err error) {
	profile, err := agents.ParseProfile(f.Profile)
	if err != nil {
		return a, err
	}
	org, err := iam.ParseOrgID(f.Place)
	if err != nil {
		return a, err
	}
	return p.Agents.Create(ctx, agents.Wish{Name: f.Name, Profile: profile, Org: org})
}

// refuse notes in the form what is wrong with it, if that is the failure.
func (f *typed) refuse(err error) bool {
	_, sentence, ok := misstated(err)
	if !ok {
		return false
	}
	field := fieldOf(err)
	if field != "name" && field != "profile" { // which no field of this form is about
		field = ""
	}
	f.Wrong = map[string]string{field: sentence}
	return true
}

// change gives an agent another name or profile.
func (p *Pages) change(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := p.named(c)
	if err != nil {
		return err
	}
	f := typed{Name: c.FormValue("name"), Profile: c.FormValue("profile")}
	if f.Profile == "" { // aboard, it has no choice
		f.Profile = string(a.Profile)
	}
	profile, err := agents.ParseProfile(f.Profile)
	if err == nil {
		_, err = p.Agents.Change(ctx, a.ID, agents.Change{Name: f.Name, Profile: profile, ETag: a.ETag})
	}
	if f.refuse(err) {
		return p.answer(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, pathOf(a.ID))
}
