package auth

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ui"
)

type lookKey struct{}

// Looking is through whose eyes somebody looks; ok is false for one's own.
func Looking(ctx context.Context) (look orgs.Look, ok bool) {
	look, ok = ctx.Value(lookKey{}).(orgs.Look)
	return look, ok
}

// throughEyes puts into ctx whose eyes the browser looks through, if it does:
// pages then show what that person sees, and the trail names who looks. Nothing
// can be changed meanwhile, nor anybody's own page be opened.
func (d *Door) throughEyes(r *http.Request, ctx context.Context, s iam.Session) (context.Context, error) {
	look, err := d.Looks.Of(ctx, s.ID)
	if err != nil || look == nil {
		return ctx, err
	}
	path := r.URL.Path
	leave := path == "/look/end" || path == "/logout" || path == "/theme"
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !leave && (!reads || path == "/me" || strings.HasPrefix(path, "/me/")) {
		return ctx, orgs.ErrLooking
	}
	if leave {
		return ctx, nil
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(s.User), Name: s.Name, OnBehalf: look.Through.Name})
	ctx = policies.WithEyes(ctx, look.Through.ID, look.Org)
	s.User, s.Name, s.Email, s.Home = look.Through.ID, look.Through.Name, look.Through.Email, look.Through.Home
	ctx = context.WithValue(ctx, sessionKey{}, s)
	return context.WithValue(ctx, lookKey{}, *look), nil
}

// lookBanner says above every page through whose eyes one looks, and ends it.
func lookBanner(ctx context.Context) *ui.Look {
	look, ok := Looking(ctx)
	if !ok {
		return nil
	}
	return &ui.Look{Name: look.Through.Name, Until: look.Until}
}

func (d *Door) endLook(c echo.Context) error {
	s, ok := Of(c.Request().Context())
	if !ok {
		return ErrSignIn
	}
	if err := d.Looks.End(c.Request().Context(), s.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}
