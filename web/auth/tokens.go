package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Tokens is the part of a person's own page with the tokens of his programs.
type Tokens struct {
	Me       *Me
	Machines orgs.Machines
}

// Mount adds the part to the page and what it does; to make a token wants a
// fresh proof, to revoke one does not.
func (t *Tokens) Mount(g *echo.Group) {
	t.Me.Parts = append(t.Me.Parts, t.part)
	g.POST("/me/tokens", t.make, t.Me.Fresh)
	g.POST("/me/tokens/:id/revoke", t.revoke)
}

// tokensView is what the part shows: with a token that was just made, this once,
// or with a form that came back.
type tokensView struct {
	Tokens        []tokenLine
	Roles, Places []ui.Option
	Form          tokenForm
	Secret        string
	Example       string
}

// tokenLine is a token as its holder sees it.
type tokenLine struct {
	ID, Label, Hint, May, Where string
	State                       string
	Works                       bool
	Used, Ends                  time.Time
}

type tokenForm struct {
	Label, Until, Role, Org string
	Wrong                   wrongs
}

// tokensState travels from a deed to the part that draws its outcome.
const tokensState = "tokens"

func (t *Tokens) part(c echo.Context) (templ.Component, error) {
	ctx := c.Request().Context()
	v, _ := c.Get(tokensState).(tokensView)
	if v.Form.Until == "" {
		v.Form.Until = t.Me.Now().AddDate(0, 3, 0).Format(time.DateOnly)
	}
	all, err := t.Machines.OwnTokens(ctx)
	if err != nil {
		return nil, err
	}
	places, err := t.Machines.Orgs.Visible(ctx)
	if err != nil {
		return nil, err
	}
	names := map[iam.OrgID]string{}
	v.Places = []ui.Option{{Label: ui.T(ctx, "machine.token.where.all")}}
	for _, o := range places {
		names[o.ID] = o.Name
		v.Places = append(v.Places, ui.Option{Value: string(o.ID), Label: ui.T(ctx, "machine.token.where.org", "Org", o.Name)})
	}
	v.Roles = []ui.Option{{Label: ui.T(ctx, "machine.token.may.all")}}
	for _, r := range policies.Roles() {
		v.Roles = append(v.Roles, ui.Option{Value: string(r), Label: tokenMay(ctx, r)})
	}
	for _, k := range all {
		l := tokenLine{ID: string(k.ID), Label: k.Label, Hint: k.Hint + "…", Used: k.UsedAt, Ends: k.NotAfter, May: tokenMay(ctx, policies.Role(k.CutRole))}
		if k.CutOrg != "" {
			l.Where = ui.T(ctx, "machine.token.where.org", "Org", names[k.CutOrg])
		}
		l.State, l.Works = TokenState(ctx, k, t.Me.Now())
		v.Tokens = append(v.Tokens, l)
	}
	return tokensPart(v), nil
}

func tokenMay(ctx context.Context, r policies.Role) string {
	if r == "" {
		return ui.T(ctx, "machine.token.may.all")
	}
	return ui.T(ctx, "machine.token.may.role", "Role", show.Role(ctx, r))
}

// TokenState is a word on what a token is good for now.
func TokenState(ctx context.Context, k iam.APIToken, now time.Time) (word string, works bool) {
	switch {
	case k.Works(now):
		return ui.T(ctx, "machine.token.works"), true
	case now.Before(k.NotBefore):
		return ui.T(ctx, "machine.token.early"), false
	}
	return ui.T(ctx, "machine.token.over"), false
}

func (t *Tokens) make(c echo.Context) error {
	ctx := c.Request().Context()
	me, _ := Of(ctx)
	f := tokenForm{Label: c.FormValue("label"), Until: c.FormValue("not_after"), Role: c.FormValue("role"), Org: c.FormValue("org")}
	r := orgs.OwnTokenRequest{Label: f.Label, NotAfter: form.Evening(f.Until), Role: f.Role, Assurance: me.Assurance}
	if f.Org != "" {
		var err error
		if r.Org, err = iam.ParseOrgID(f.Org); err != nil {
			return err
		}
	}
	secret, _, err := t.Machines.NewOwnToken(ctx, r)
	if err != nil {
		wrong, ok := wrongIn(err, "label")
		if !ok {
			return err
		}
		f.Wrong = wrong
		c.Set(tokensState, tokensView{Form: f})
		return t.Me.answer(c, http.StatusUnprocessableEntity, meView{})
	}
	c.Set(tokensState, tokensView{Secret: secret.Reveal(), Example: BearerExample(t.Me.Base(c))})
	return t.Me.answer(c, http.StatusOK, meView{})
}

// BearerExample is how a program shows a token.
func BearerExample(base string) string {
	return `curl -H "Authorization: Bearer hk_…" ` + base + "/api/v1/devices"
}

func (t *Tokens) revoke(c echo.Context) error {
	id, err := iam.ParseTokenID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := t.Machines.RevokeOwnToken(c.Request().Context(), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/me#tokens")
}
