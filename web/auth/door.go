// Package auth turns a browser's cookie into the person who acts, and holds the
// four pages that end with one: setup, sign-in, registration, invitation. What
// that person may do it leaves to the services.
package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/oidc"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/peer"
	"halfkey/web/ui"
)

// Door lets people in.
type Door struct {
	Sessions    *iam.Sessions
	Settings    *iam.Settings
	Users       *iam.Users
	Orgs        *orgs.Service
	Looks       *orgs.Looks
	Recovery    *iam.Recovery
	Browsers    *iam.Browsers
	OIDC        *oidc.Service
	BaseURL     string       // as configured or set up; "": where the browser came
	Trusted     peer.Trusted // proxies
	AcceptPlain bool         // people may sign in over plain HTTP
	Now         func() time.Time
	Log         *slog.Logger

	// Tested says what a service answered when somebody's account was tried.
	Tested func(service, host string, r *connectors.Report, err error) templ.Component
}

// ErrSignIn is what a request without a session hears where no page can lead to
// the sign-in.
var ErrSignIn = fault.New(fault.Unauthenticated, "sign-in", "Sign in first.")

type sessionKey struct{}

// Of is the session of whoever looks; ok is false for somebody who is not signed in.
func Of(ctx context.Context) (s iam.Session, ok bool) {
	s, ok = ctx.Value(sessionKey{}).(iam.Session)
	return s, ok
}

// Know finds out who asks and puts the person into the request's context, or
// leaves it as it is for somebody unknown.
func (d *Door) Know(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if token := d.token(r); token != "" {
			s, err := d.Sessions.Find(r.Context(), token)
			switch {
			case err == nil:
				ctx, err := d.throughEyes(r, d.as(r.Context(), s), s)
				if err != nil {
					return err
				}
				c.SetRequest(r.WithContext(ctx))
			case fault.Of(err).Kind != fault.Unauthenticated:
				return err
			}
		}
		return next(c)
	}
}

func (d *Door) as(ctx context.Context, s iam.Session) context.Context {
	ctx = policies.WithAssurance(audit.WithActor(ctx, s.Actor()), s.Assurance)
	return context.WithValue(ctx, sessionKey{}, s)
}

// Need leads whoever is not signed in to the sign-in page, and from there back.
func (d *Door) Need(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := Of(c.Request().Context()); ok {
			return d.orBetter(c, next(c))
		}
		if r := c.Request(); r.Method != http.MethodGet && r.Method != http.MethodHead || strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			return ErrSignIn // a page's stream must not end in a page; the page then loads itself anew
		}
		return c.Redirect(http.StatusSeeOther, LoginPath(c.Request()))
	}
}

// Still fails as soon as the request's session has ended; for answers that last.
func (d *Door) Still(r *http.Request) func(context.Context) error {
	token := d.token(r)
	look, looking := Looking(r.Context())
	return func(ctx context.Context) error {
		s, err := d.Sessions.Find(ctx, token)
		if err != nil || !looking {
			return err
		}
		if now, err := d.Looks.Of(ctx, s.ID); err != nil || now == nil || now.ID != look.ID {
			return errors.Join(ErrSignIn, err)
		}
		return nil
	}
}

// Page is the frame's ground: colours, language, and the warning of a line that
// anybody can read.
func (d *Door) Page(c echo.Context, title string) ui.Page {
	r := c.Request()
	p := ui.Page{Title: title, Path: Next(r.URL.RequestURI()), Theme: Theme(r), Lang: ui.Lang(r.Context()), Look: lookBanner(r.Context())}
	if d.lineOf(r) == risky {
		p.Notice = ui.T(r.Context(), "auth.plain.title")
	}
	return p
}

// Mount adds the pages; all of them are open to strangers.
func (d *Door) Mount(g *echo.Group) {
	for path, h := range map[string]echo.HandlerFunc{"/login": d.showLogin, "/setup": d.showSetup, "/register": d.showRegister, "/i/:token": d.showInvitation} {
		g.GET(path, h)
		g.HEAD(path, h)
	}
	g.POST("/login", d.login)
	g.POST("/login/code", d.giveCode)
	g.POST("/passkeys/ask", d.askToUse)
	g.POST("/passkeys/new", d.askNewcomer)
	g.POST("/logout", d.logout)
	g.POST("/look/end", d.endLook)
	g.POST("/setup", d.setup)
	g.POST("/register", d.register)
	g.POST("/i/:token", d.accept)
	g.POST("/theme", d.setTheme)
	d.mountLinks(g)
	d.mountElsewhere(g)
}
