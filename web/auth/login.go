package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/web/peer"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// LoginFor is the sign-in page that leads on to path.
func LoginFor(path string) string { return "/login?next=" + url.QueryEscape(path) }

func (d *Door) showLogin(c echo.Context) error {
	if _, ok := Of(c.Request().Context()); ok {
		return c.Redirect(http.StatusSeeOther, Next(c.QueryParam("next")))
	}
	if org := c.QueryParam("org"); org != "" { // whose people sign in elsewhere
		return c.Redirect(http.StatusSeeOther, "/login/oidc?"+url.Values{"org": {org}, "next": {Next(c.QueryParam("next"))}}.Encode())
	}
	return d.answerLogin(c, http.StatusOK, loginForm{Next: Next(c.QueryParam("next"))})
}

func (d *Door) answerLogin(c echo.Context, status int, f loginForm) error {
	r := c.Request()
	line := d.lineOf(r)
	p := d.Page(c, ui.T(r.Context(), "auth.login.title"))
	p.Path = "/login"
	if line == open {
		return show.Page(c, status, plainPage(p, d.local(r)))
	}
	f.Plain = line == risky
	up, err := d.Settings.Get(r.Context(), iam.SettingSignUp)
	if err != nil {
		return err
	}
	f.SignUp = up == iam.SignUpOpen
	if f.Elsewhere, err = d.OIDC.Any(r.Context()); err != nil {
		return err
	}
	f.Passkey = passkeyPart{Origin: d.site(c).Origin, Ask: "/passkeys/ask", Waits: f.Email == "", Text: ui.T(r.Context(), "me.passkey.use")}
	return show.Page(c, status, loginPage(p, f))
}

// local is the server's address for a browser on the same machine.
func (d *Door) local(r *http.Request) string {
	u := url.URL{Host: r.Host}
	if port := u.Port(); port != "" {
		return "http://localhost:" + port
	}
	return "http://localhost"
}

// login opens the door for a passkey, or for a password, to which a code may
// have to come.
func (d *Door) login(c echo.Context) error {
	r := c.Request()
	f := loginForm{Email: c.FormValue("email"), Next: Next(c.FormValue("next"))}
	if d.lineOf(r) == open {
		return d.answerLogin(c, http.StatusForbidden, f)
	}
	ctx, from := r.Context(), d.visit(c)
	var token vault.Secret
	var err error
	if answer, given := reply(c, ""); given {
		token, _, err = d.Sessions.SignInWithPasskey(ctx, from, answer)
	} else {
		token, _, err = d.Sessions.SignIn(ctx, f.Email, vault.Secret(c.FormValue("password")), from)
	}
	if more, ok := errors.AsType[*iam.NeedsCode](err); ok {
		return d.answerCode(c, http.StatusOK, codeForm{Ticket: more.Ticket, Next: f.Next})
	}
	if err == nil {
		d.enter(c, token)
		return c.Redirect(http.StatusSeeOther, f.Next)
	}
	status, ok := 0, false
	if status, f.Wrong, f.Why, ok = missed(ctx, err); !ok {
		return err
	}
	return d.answerLogin(c, status, f)
}

// missed tells in words what a sign-in met; false for what is no answer of its form.
func missed(ctx context.Context, err error) (status int, title, text string, ok bool) {
	wrong, miss := errors.AsType[*iam.WrongPassword](err)
	f := fault.Of(err)
	switch {
	case miss && wrong.Left > 0:
		return http.StatusUnprocessableEntity, ui.T(ctx, "auth.login.wrong"), ui.T(ctx, "auth.login.tries", "Count", wrong.Left), true
	case miss || errors.Is(err, iam.ErrResting):
		rest := max(f.RetryAfter, time.Minute)
		if miss {
			rest = wrong.Rest
		}
		minutes := int((rest + time.Minute - 1) / time.Minute)
		return http.StatusTooManyRequests, ui.T(ctx, "auth.login.rest"), ui.T(ctx, "auth.login.rest.text", "Wait", ui.T(ctx, "auth.wait.min", "Count", minutes)), true
	case errors.Is(err, iam.ErrPasskeyWrong) || errors.Is(err, iam.ErrTicket) || errors.Is(err, iam.ErrNoSite):
		return http.StatusUnprocessableEntity, ui.T(ctx, "auth.login.wrong"), ui.Sentence(ctx, f.Sentence), true
	}
	return 0, "", "", false
}

// giveCode takes the code that a password needs beside it.
func (d *Door) giveCode(c echo.Context) error {
	ctx := c.Request().Context()
	f := codeForm{Ticket: c.FormValue("ticket"), Next: Next(c.FormValue("next"))}
	token, _, err := d.Sessions.GiveCode(ctx, f.Ticket, c.FormValue("code"), d.visit(c))
	if err == nil {
		d.enter(c, token)
		return c.Redirect(http.StatusSeeOther, f.Next)
	}
	status, title, text, ok := missed(ctx, err)
	switch {
	case !ok:
		return err
	case errors.Is(err, iam.ErrTicket): // the password has to come again
		return d.answerLogin(c, status, loginForm{Next: f.Next, Wrong: title, Why: text})
	}
	f.Wrong, f.Why = title, text
	return d.answerCode(c, status, f)
}

func (d *Door) answerCode(c echo.Context, status int, f codeForm) error {
	p := d.Page(c, ui.T(c.Request().Context(), "me.code.title"))
	p.Path = "/login"
	return show.Page(c, status, codePage(p, f))
}

// source is the caller's network, as limits count it.
func (d *Door) source(r *http.Request) string { return peer.Source(peer.Address(r, d.Trusted)) }

// enter ends the session that the browser came with, if any, and gives it the new one.
func (d *Door) enter(c echo.Context, token vault.Secret) {
	d.swap(c, token)
	d.noteBrowser(c, token)
}

func (d *Door) swap(c echo.Context, token vault.Secret) {
	if old := d.token(c.Request()); old != "" {
		if err := d.Sessions.SignOut(c.Request().Context(), old); err != nil {
			d.Log.Warn("the session before this one stays until it ends by itself", "error", err)
		}
	}
	d.give(c.Response(), c.Request(), token)
}

func (d *Door) logout(c echo.Context) error {
	if token := d.token(c.Request()); token != "" {
		if err := d.Sessions.SignOut(c.Request().Context(), token); err != nil {
			return err
		}
	}
	d.give(c.Response(), c.Request(), "")
	return c.Redirect(http.StatusSeeOther, "/login")
}
