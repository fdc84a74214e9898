package auth

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/oidc"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// The cookies that a browser keeps while its owner is elsewhere. They come back
// from there with a link, so they are Lax and not Strict.
const (
	visitName = "halfkey-visit"
	claimName = "halfkey-claim"
	keepFor   = 10 * time.Minute
)

func (d *Door) showElsewhere(c echo.Context) error {
	return d.answerElsewhere(c, http.StatusOK, elsewhereForm{Email: c.QueryParam("email"), Org: c.QueryParam("org"), Next: Next(c.QueryParam("next"))})
}

func (d *Door) answerElsewhere(c echo.Context, status int, f elsewhereForm) error {
	p := d.Page(c, ui.T(c.Request().Context(), "mail.sso.title"))
	p.Path = "/login/oidc"
	if d.lineOf(c.Request()) == open {
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	return show.Page(c, status, elsewherePage(p, f))
}

// leave sends somebody to his organisation's provider. It answers with a page and
// not with a redirect, since no form of ours may end on another site.
func (d *Door) leave(c echo.Context) error {
	ctx := c.Request().Context()
	f := elsewhereForm{Email: c.FormValue("email"), Org: c.FormValue("org"), Next: Next(c.FormValue("next"))}
	if d.lineOf(c.Request()) == open {
		return d.answerElsewhere(c, http.StatusForbidden, f)
	}
	var tenant iam.OrgID
	var hint string
	var err error
	if f.Org != "" {
		tenant, err = d.OIDC.BySlug(ctx, f.Org)
	} else {
		var email iam.Email
		if email, err = iam.ParseEmail(f.Email); err == nil {
			hint = string(email)
			tenant, err = d.OIDC.For(ctx, email)
		}
	}
	var there, cookie string
	if err == nil {
		there, cookie, err = d.OIDC.Begin(ctx, tenant, d.back(c, tenant), f.Next, hint)
	}
	if k := fault.Of(err); k != nil && k.Kind != fault.Internal && k.Kind != fault.Unavailable {
		f.Wrong, f.Org = ui.Sentence(ctx, k.Sentence), ""
		return d.answerElsewhere(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	d.keep(c, visitName, "/login/oidc/"+string(tenant), cookie)
	c.Response().Header().Set("Refresh", "0; url="+there)
	p := d.Page(c, ui.T(ctx, "mail.sso.title"))
	p.Path = "/login/oidc"
	return show.Page(c, http.StatusOK, leavePage(p, hostOf(there), there))
}

// elsewhere keeps what was typed on the way to the other page.
func elsewhere(f loginForm) string {
	return url.Values{"email": {f.Email}, "next": {f.Next}}.Encode()
}

// back is where the provider sends people to: known to it beforehand, one for
// each tenant, and never taken from a request.
func (d *Door) back(c echo.Context, tenant iam.OrgID) string {
	return d.Base(c) + "/login/oidc/" + string(tenant)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// keep gives the browser a cookie for the way; an empty value takes it away.
func (d *Door) keep(c echo.Context, name, path, value string) {
	k := &http.Cookie{Name: name, Value: value, Path: path, HttpOnly: true, Secure: d.lineOf(c.Request()) == locked, SameSite: http.SameSiteLaxMode, MaxAge: int(keepFor.Seconds())}
	if value == "" {
		k.MaxAge = -1
	}
	http.SetCookie(c.Response(), k)
}

// comeFrom takes whom the provider sent.
func (d *Door) comeFrom(c echo.Context) error {
	ctx := c.Request().Context()
	tenant, err := iam.ParseOrgID(c.Param("tenant"))
	if err != nil {
		return err
	}
	k, err := c.Cookie(visitName)
	if err != nil {
		return oidc.ErrCame
	}
	d.keep(c, visitName, "/login/oidc/"+string(tenant), "") // good once, whatever comes of it
	back, err := oidc.ParseCallback(c.QueryParams())
	if err != nil {
		return err
	}
	e, err := d.OIDC.Finish(ctx, tenant, d.back(c, tenant), k.Value, back)
	if err != nil {
		return err
	}
	if e.Claim != "" {
		d.keep(c, claimName, "/login/oidc/claim", e.Claim)
		return c.Redirect(http.StatusSeeOther, "/login/oidc/claim")
	}
	token, _, err := d.Sessions.Open(ctx, e.User, iam.ByOIDC, d.source(c.Request()), c.Request().UserAgent())
	if err != nil {
		return err
	}
	d.swap(c, token)
	return c.Redirect(http.StatusSeeOther, Next(e.Next))
}

// showClaim asks whoever is signed in whether the provider means him; who is not
// signed in does so first.
func (d *Door) showClaim(c echo.Context) error {
	ctx := c.Request().Context()
	me, in := Of(ctx)
	if !in {
		return c.Redirect(http.StatusSeeOther, LoginFor("/login/oidc/claim"))
	}
	k, err := c.Cookie(claimName)
	if err != nil {
		return oidc.ErrCame
	}
	from, err := d.OIDC.Claimed(ctx, k.Value, me.User)
	if err != nil {
		return err
	}
	p := d.Page(c, ui.T(ctx, "mail.sso.claim"))
	p.Path = "/login/oidc"
	return show.Page(c, http.StatusOK, claimPage(p, hostOf(from.Issuer), string(me.Email)))
}

func (d *Door) claim(c echo.Context) error {
	ctx := c.Request().Context()
	me, in := Of(ctx)
	if !in {
		return ErrSignIn
	}
	k, err := c.Cookie(claimName)
	if err != nil {
		return oidc.ErrCame
	}
	if err := d.OIDC.Accept(ctx, k.Value, me); err != nil {
		return err
	}
	d.keep(c, claimName, "/login/oidc/claim", "")
	return c.Redirect(http.StatusSeeOther, "/")
}

// mountElsewhere adds the ways in through a provider.
func (d *Door) mountElsewhere(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/login/oidc": d.showElsewhere, "/login/oidc/claim": d.showClaim} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.GET("/login/oidc/:tenant", d.comeFrom)
	g.POST("/login/oidc", d.leave)
	g.POST("/login/oidc/claim", d.claim, d.Fresh)
}
