package auth

import (
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

func (d *Door) login(c echo.Context) error {
	r := c.Request()
	f := loginForm{Email: c.FormValue("email"), Next: Next(c.FormValue("next"))}
	if d.lineOf(r) == open {
		return d.answerLogin(c, http.StatusForbidden, f)
	}
	ctx := r.Context()
	token, _, err := d.Sessions.SignIn(ctx, f.Email, vault.Secret(c.FormValue("password")), d.source(r), r.UserAgent())
	wrong, missed := errors.AsType[*iam.WrongPassword](err)
	switch {
	case err == nil:
		d.enter(c, token)
		return c.Redirect(http.StatusSeeOther, f.Next)
	case missed && wrong.Left > 0:
		f.Wrong, f.Why = ui.T(ctx, "auth.login.wrong"), ui.T(ctx, "auth.login.tries", "Count", wrong.Left)
		return d.answerLogin(c, http.StatusUnprocessableEntity, f)
	case missed || errors.Is(err, iam.ErrResting):
		rest := max(fault.Of(err).RetryAfter, time.Minute)
		if missed {
			rest = restAfterMiss
		}
		minutes := int((rest + time.Minute - 1) / time.Minute)
		f.Wrong, f.Why = ui.T(ctx, "auth.login.rest"), ui.T(ctx, "auth.login.rest.text", "Wait", ui.T(ctx, "auth.wait.min", "Count", minutes))
		return d.answerLogin(c, http.StatusTooManyRequests, f)
	}
	return err
}

// source is the caller's network, as limits count it.
func (d *Door) source(r *http.Request) string { return peer.Source(peer.Address(r, d.Trusted)) }

// restAfterMiss is how long an account rests after the last wrong try.
const restAfterMiss = 5 * time.Minute

// enter ends the session that the browser came with, if any, and gives it the new one.
func (d *Door) enter(c echo.Context, token vault.Secret) {
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
