package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/oidc"
	"halfkey/iam/vault"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// signIn is the page of a tenant's provider, for its owners.
func (p *Portal) signIn(c echo.Context) error {
	h, err := p.signInHere(c)
	if err != nil {
		return err
	}
	v := signInPage{}
	switch has, err := p.OIDC.Get(c.Request().Context(), h.Org.ID); {
	case err == nil:
		v = signInPage{Issuer: has.Issuer, ClientID: has.ClientID, Domains: strings.Join(has.Domains, ", "), Role: has.Role, Set: true, Changed: has.ChangedAt}
	case !errors.Is(err, oidc.ErrNone):
		return err
	}
	v.Again = c.QueryParam("again") != ""
	return p.answerSignIn(c, http.StatusOK, h, v)
}

func (p *Portal) answerSignIn(c echo.Context, status int, h frame.Here, v signInPage) error {
	v.ID = string(h.Org.ID)
	v.Back = p.BaseURL(c) + "/login/oidc/" + v.ID
	v.Link = p.BaseURL(c) + "/login?org=" + h.Org.Slug
	return show.Page(c, status, signInView(h.Page, v))
}

func (p *Portal) setSignIn(c echo.Context) error {
	h, err := p.signInHere(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	f := oidc.Settings{Issuer: c.FormValue("issuer"), ClientID: c.FormValue("client_id"), Secret: vault.Secret(c.FormValue("secret")), Domains: c.FormValue("domains"), Role: c.FormValue("role")}
	err = p.OIDC.Set(ctx, h.Org.ID, f)
	if wrong, ok := form.Wrong(err); ok {
		_, has := p.OIDC.Get(ctx, h.Org.ID)
		return p.answerSignIn(c, http.StatusUnprocessableEntity, h, signInPage{Issuer: f.Issuer, ClientID: f.ClientID, Domains: f.Domains, Role: f.Role, Set: has == nil, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/orgs/"+string(h.Org.ID)+"/sign-in")
}

func (p *Portal) removeSignIn(c echo.Context) error {
	h, err := p.signInHere(c)
	if err != nil {
		return err
	}
	if err := p.OIDC.Remove(c.Request().Context(), h.Org.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/orgs/"+string(h.Org.ID)+"/sign-in")
}

// signInHere is the tenant that the address names, for somebody who may say whom
// it believes.
func (p *Portal) signInHere(c echo.Context) (h frame.Here, err error) {
	ctx := c.Request().Context()
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return h, err
	}
	if err := p.Orgs.MaySetSignIn(ctx, id, ""); err != nil {
		return h, err
	}
	h, err = p.Frame.In(c, id, "", "orgs")
	h.Page.Title, h.Page.Path = ui.T(ctx, "mail.provider.title", "Org", h.Org.Name), "/orgs/"+string(id)+"/sign-in"
	return h, err
}

// mountSignIn adds the pages of a tenant's provider.
func (p *Portal) mountSignIn(g *echo.Group) {
	g.GET("/orgs/:id/sign-in", p.signIn)
	g.HEAD("/orgs/:id/sign-in", p.signIn)
	g.POST("/orgs/:id/sign-in", p.setSignIn, p.Frame.Door.FreshAt(func(c echo.Context) string { return "/orgs/" + url.PathEscape(c.Param("id")) + "/sign-in?again=yes" }))
	g.POST("/orgs/:id/sign-in/remove", p.removeSignIn, p.Frame.Door.Fresh)
}
