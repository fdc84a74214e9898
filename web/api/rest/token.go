package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/web/auth"
)

func (a *API) self(g *echo.Group) {
	g.GET("/me", a.me, known())
	g.GET("/me/sessions", a.sessions, himself, paged())
	g.DELETE("/me/sessions/:session", a.endSession, known())
	g.GET("/me/tokens", a.ownTokens, himself, paged())
	g.POST("/me/tokens", a.newOwnToken, a.fresh, a.once, known())
	g.DELETE("/me/tokens/:token", a.revokeOwnToken, known())
}

// session is a browser in which somebody is signed in.
type session struct {
	ID        string    `json:"id"`
	Method    string    `json:"method"`
	Agent     string    `json:"agent"`
	Source    string    `json:"source"`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
}

func (a *API) sessions(c echo.Context) error {
	ctx := c.Request().Context()
	me, err := iam.PersonIn(ctx)
	if err != nil {
		return err
	}
	here, _ := auth.Of(ctx)
	all := func() ([]iam.SessionInfo, error) { return a.Sessions.List(ctx, me) }
	as := func(s iam.SessionInfo) session {
		return session{string(s.ID), string(s.Method), s.Agent, s.Source, s.ID == here.ID, s.CreatedAt, s.SeenAt}
	}
	return listOf(c, "sessions", all, as, func(s session) string { return s.ID })
}

// endSession ends a session of one's own.
func (a *API) endSession(c echo.Context) error {
	which, err := id(c, "session", iam.ParseSessionID)
	if err != nil {
		return err
	}
	return a.mySelf(func(ctx context.Context, me iam.Session) error { return a.Sessions.End(ctx, me, which) })(c)
}

// token is what a program shows instead of a sign-in; Token is there only when
// it is made.
type token struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"`
	Hint      string    `json:"hint"`
	Role      string    `json:"role,omitzero"`
	Org       string    `json:"org,omitzero"`
	Works     bool      `json:"works"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	Token     string    `json:"token,omitzero"`
}

func (a *API) tokenOf(t iam.APIToken) token {
	return token{ID: string(t.ID), Label: t.Label, Hint: t.Hint, Role: t.CutRole, Org: string(t.CutOrg), Works: t.Works(a.Now()), NotBefore: t.NotBefore,
		NotAfter: t.NotAfter, CreatedAt: t.CreatedAt, UsedAt: t.UsedAt, RevokedAt: t.RevokedAt}
}

func (a *API) sayToken(c echo.Context, secret vault.Secret, t iam.APIToken, err error) error {
	if err != nil {
		return err
	}
	out := a.tokenOf(t)
	out.Token = secret.Reveal()
	return say(c, http.StatusCreated, out)
}

func (a *API) ownTokens(c echo.Context) error {
	all := func() ([]iam.APIToken, error) { return a.Machines.OwnTokens(c.Request().Context()) }
	return listOf(c, "tokens", all, a.tokenOf, func(t token) string { return t.ID })
}

func (a *API) newOwnToken(c echo.Context) error {
	var in struct {
		Label    string    `json:"label"`
		NotAfter time.Time `json:"not_after"`
		Role     string    `json:"role"`
		Org      string    `json:"org"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	r := orgs.OwnTokenRequest{Label: in.Label, NotAfter: in.NotAfter, Role: in.Role, Assurance: iam.Password}
	if in.Org != "" {
		var err error
		if r.Org, err = named("org", in.Org, iam.ParseOrgID); err != nil {
			return err
		}
	}
	ctx := c.Request().Context()
	if s, ok := auth.Of(ctx); ok {
		r.Assurance = s.Assurance
	}
	secret, t, err := a.Machines.NewOwnToken(ctx, r)
	return a.sayToken(c, secret, t, err)
}

func (a *API) revokeOwnToken(c echo.Context) error {
	t, err := id(c, "token", iam.ParseTokenID)
	if err != nil {
		return err
	}
	if err := a.Machines.RevokeOwnToken(c.Request().Context(), t); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
