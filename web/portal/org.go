package portal

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// org is the page of one place: its name and its account keys.
func (p *Portal) org(c echo.Context) error {
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	return p.answerOrg(c, http.StatusOK, h, orgPage{})
}

// answerOrg draws the page, with a new account key in v or with what was wrong
// with the name.
func (p *Portal) answerOrg(c echo.Context, status int, h frame.Here, v orgPage) (err error) {
	ctx := c.Request().Context()
	v.ID = string(h.Org.ID)
	if v.Wrong == "" {
		v.Name = h.Org.Name
	}
	v.SignIn = p.Orgs.MaySetSignIn(ctx, h.Org.ID, "") == nil
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

func (p *Portal) renameOrg(c echo.Context) error {
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	name := c.FormValue("name")
	err = p.Orgs.Rename(c.Request().Context(), h.Org.ID, name)
	if wrong, ok := fields(err); ok {
		return p.answerOrg(c, http.StatusUnprocessableEntity, h, orgPage{Name: name, Wrong: wrong["name"]})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/orgs")
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
