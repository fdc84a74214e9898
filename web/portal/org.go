package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// org is the page of one place: what it says about itself, where it lies, its
// account keys. A place that is shut is seen into by nobody; who may open it
// again finds that here.
func (p *Portal) org(c echo.Context) error {
	if o, err := p.shut(c); err != nil {
		return err
	} else if o.ID != "" {
		return p.answerShut(c, http.StatusOK, o, nil)
	}
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	return p.answerOrg(c, http.StatusOK, h, orgPage{Form: placeFormOf(h.Org)})
}

// answerOrg draws the page, with a new account key in v or with what was wrong
// with a form.
func (p *Portal) answerOrg(c echo.Context, status int, h frame.Here, v orgPage) (err error) {
	ctx := c.Request().Context()
	v.ID, v.Tenant, v.Slug, v.Parent = string(h.Org.ID), h.Org.Kind == orgs.Tenant, h.Org.Slug, string(h.Org.Parent)
	if v.Form.Version == 0 {
		v.Form = placeFormOf(h.Org)
	}
	v.Hooks = p.Webhooks.May(ctx, h.Org.ID)
	v.SignIn = p.Orgs.MaySetSignIn(ctx, h.Org.ID, "") == nil
	v.Roles = v.Tenant && p.Decider.May(ctx, policies.ManageRoles, h.Org.ID)
	if v.State, err = p.placeState(ctx, h.Org); err != nil {
		return err
	}
	if v.State.Decides && !v.Tenant {
		if v.Parents, err = p.parentsFor(ctx, h.Org); err != nil {
			return err
		}
	}
	if v.MayMake = p.AccountKeys.May(ctx, h.Org.ID); v.MayMake {
		if v.Keys, err = p.accountKeys(ctx, h.Org.ID); err != nil {
			return err
		}
	}
	if v.Key != "" {
		v.Example = "curl -d api_key=… " + p.ReadURL(c) + "/channels.json"
	}
	return show.Page(c, status, orgView(h.Page, v))
}

// settle changes what a place says about itself. What takes sight or keys from
// somebody is asked first.
func (p *Portal) settle(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	f := readPlaceForm(c, h.Org)
	deed := func(ctx context.Context) error {
		_, err := p.Orgs.Settle(ctx, h.Org.ID, f.settings(h.Org), orgs.With{Version: f.Version, Rotate: c.FormValue("rotate") != ""})
		return err
	}
	err = ask.Before(c, p.Frame, deed, ask.Question{Title: ui.T(ctx, "place.settle.sure", "Org", h.Org.Name), Text: ui.T(ctx, "portal.sure.text"), Action: "/orgs/" + string(h.Org.ID),
		Hidden: f.hidden(), Yes: ui.T(ctx, "place.save"), No: ui.T(ctx, "portal.sure.no"), NoHref: "/orgs/" + string(h.Org.ID), Active: "orgs", Rotates: true, Light: true, Done: "/orgs"})
	return p.orgAgain(c, h, f, err)
}

// orgAgain shows the form once more where a deed went wrong: with what was
// wrong, or with what is true by now where somebody else was quicker.
func (p *Portal) orgAgain(c echo.Context, h frame.Here, f placeForm, err error) error {
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerOrg(c, http.StatusUnprocessableEntity, h, orgPage{Form: f})
	}
	if !errors.Is(err, orgs.ErrChanged) {
		return err
	}
	now, err := p.Orgs.Get(c.Request().Context(), h.Org.ID)
	if err != nil {
		return err
	}
	f.Version, f.Changed, h.Org = now.Version, true, now
	return p.answerOrg(c, http.StatusPreconditionFailed, h, orgPage{Form: f})
}

// orgHere is the place that the address names, for somebody who may change it.
func (p *Portal) orgHere(c echo.Context) (h frame.Here, err error) {
	ctx := c.Request().Context()
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return h, err
	}
	if err := p.Decider.Require(ctx, policies.ManageOrg, id); err != nil {
		return h, err
	}
	h, err = p.Frame.In(c, id, "", "orgs")
	h.Page.Title, h.Page.Path = ui.T(ctx, "portal.org.title", "Org", h.Org.Name), "/orgs/"+string(id)
	return h, err
}
