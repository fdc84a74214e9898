package agents

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/token"
	"halfkey/web/ask"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// signingKey shows the key that signs the tokens of all who have none of their own.
func (p *Pages) signingKey(c echo.Context) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "agents.key"), "home")
	if err != nil {
		return err
	}
	k, err := p.Agents.SignerOf(ctx, "")
	if err != nil {
		return err
	}
	return show.Page(c, http.StatusOK, signingKeyView(h.Page, k))
}

// changePlatformKey makes another key sign them.
func (p *Pages) changePlatformKey(c echo.Context) error {
	if _, err := p.Orgs.Platform(c.Request().Context()); err != nil {
		return err
	}
	return p.rotate(c, "", nil, "/admin/signing-key", "/admin/signing-key", "home")
}

// changeKey makes another key sign an organisation's tokens.
func (p *Pages) changeKey(c echo.Context) error {
	_, tenant, err := p.termsHere(c)
	if err != nil {
		return err
	}
	return p.rotate(c, tenant, ask.Hidden("org", string(tenant)), "/agents/terms/key", termsPath(tenant), "agents")
}

// rotate changes a signing key once it was said what that comes to.
func (p *Pages) rotate(c echo.Context, tenant iam.OrgID, keep []ui.Crumb, action, back, active string) error {
	ctx := c.Request().Context()
	if _, err := p.Agents.RotatesKey(ctx, tenant); err != nil {
		return err
	}
	if c.FormValue("sure") == "" {
		return ask.Question{Title: ui.T(ctx, "agents.key.sure"), Text: ui.T(ctx, "agents.key.sure.text"), Hidden: keep, Action: action, Active: active,
			Lines: []string{ui.T(ctx, "agents.key.now"), ui.T(ctx, "agents.key.old", "Life", show.Every(token.Overlap)), ui.T(ctx, "agents.key.node")},
			Yes:   ui.T(ctx, "agents.key.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: back}.Put(c, p.Frame)
	}
	if err := p.Agents.RotateKey(ctx, tenant); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, back)
}
