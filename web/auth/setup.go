package auth

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// showSetup is the first page of a new house, and the way back in for an
// administrator who was locked out. The link's code is kept out of the page's
// own address by the form.
func (d *Door) showSetup(c echo.Context) error {
	f := setupForm{Code: c.QueryParam("code"), BaseURL: d.Base(c), SignUp: iam.SignUpInvited}
	f.Linked = f.Code != ""
	if f.Code == "" && !d.Orgs.NeedsSetup(c.Request().Context()) {
		return c.Redirect(http.StatusSeeOther, "/login")
	}
	return d.answerSetup(c, http.StatusOK, f)
}

func (d *Door) answerSetup(c echo.Context, status int, f setupForm) error {
	p := d.Page(c, ui.T(c.Request().Context(), "auth.setup.title"))
	f.Passkey = d.newcomersPasskey(c, "auth.setup.do")
	if d.lineOf(c.Request()) == open {
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	return show.Page(c, status, setupPage(p, f))
}

func (d *Door) setup(c echo.Context) error {
	f := setupForm{Code: c.FormValue("token"), Name: c.FormValue("name"), Email: c.FormValue("email"), BaseURL: c.FormValue("base_url"),
		SignUp: c.FormValue("sign_up"), Linked: c.FormValue("linked") != ""}
	if d.lineOf(c.Request()) == open {
		return d.answerSetup(c, http.StatusForbidden, f)
	}
	user, by, err := d.setUp(c, f)
	if errors.Is(err, orgs.ErrSetupToken) {
		f.Linked = false // so that another can be typed
	}
	if wrong, ok := wrongIn(err, "token"); ok {
		f.Wrong = wrong
		return d.answerSetup(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return d.welcome(c, user, by, "/")
}

func (d *Door) setUp(c echo.Context, f setupForm) (iam.UserID, iam.Method, error) {
	with, err := d.choice(c)
	if err != nil {
		return "", "", err
	}
	if with.Passkey != nil && iam.SiteOf(f.BaseURL) != d.site(c) {
		return "", "", iam.Wrong("base_url", ErrElsewhere)
	}
	user, err := d.Orgs.Setup(c.Request().Context(), orgs.SetupRequest{Token: vault.Secret(f.Code), Name: f.Name, Email: f.Email,
		Password: with.Password, Passkey: with.Passkey, BaseURL: f.BaseURL, SignUp: f.SignUp})
	return user, with.Method(), err
}

// ErrElsewhere says that a passkey would not open the address that was typed.
var ErrElsewhere = fault.New(fault.Unprocessable, "passkey-elsewhere", "A passkey belongs to the address at which it was made. Leave the address as it is, or choose a password.")

// newcomersPasskey offers a passkey to somebody who comes newly.
func (d *Door) newcomersPasskey(c echo.Context, does string) passkeyPart {
	ctx := c.Request().Context()
	return passkeyPart{Origin: d.site(c).Origin, Ask: "/passkeys/new", Make: true, Text: ui.T(ctx, "me.passkey.with", "Do", ui.T(ctx, does))}
}

// welcome signs somebody in who has just come to be.
func (d *Door) welcome(c echo.Context, user iam.UserID, by iam.Method, next string) error {
	ctx := c.Request().Context()
	u, err := d.Users.Get(ctx, user)
	if err != nil {
		return err
	}
	token, _, err := d.Sessions.Open(ctx, u, by, d.source(c.Request()), c.Request().UserAgent())
	if err != nil {
		return err
	}
	d.enter(c, token)
	return c.Redirect(http.StatusSeeOther, next)
}

// Base is where people and devices reach us: as configured, as set up, or where
// this request came. No slash at the end.
func (d *Door) Base(c echo.Context) string {
	if d.BaseURL != "" {
		return d.BaseURL
	}
	if set := d.setBase(c.Request().Context()); set != "" {
		return set
	}
	scheme := "http"
	if c.Request().TLS != nil || d.forwardedTLS(c.Request()) {
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}

func (d *Door) setBase(ctx context.Context) string {
	base, err := d.Settings.Get(ctx, iam.SettingBaseURL)
	if err != nil {
		return ""
	}
	return base
}
