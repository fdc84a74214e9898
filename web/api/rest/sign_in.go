package rest

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/oidc"
	"halfkey/iam/vault"
)

func (a *API) providers(g *echo.Group) {
	g.GET("/orgs/:org/sign_in", a.getSignIn, known())
	g.PUT("/orgs/:org/sign_in", a.setSignIn, a.fresh, known())
	g.DELETE("/orgs/:org/sign_in", a.removeSignIn, a.fresh, known())
}

// signIn is the provider that an organisation believes, without its secret.
type signIn struct {
	Issuer    string    `json:"issuer"`
	ClientID  string    `json:"client_id"`
	Domains   []string  `json:"domains"`
	Role      string    `json:"role,omitzero"` // of newcomers
	ReturnTo  string    `json:"return_to"`     // what the provider wants to know of us
	ChangedBy string    `json:"changed_by"`
	ChangedAt time.Time `json:"changed_at"`
}

// signInHere is the provider of the organisation that the address names, for who
// may say which, if it still is what the caller saw. Where there is none it fails
// with oidc.ErrNone.
func (a *API) signInHere(c echo.Context) (out signIn, org iam.OrgID, err error) {
	if org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return out, org, err
	}
	ctx := c.Request().Context()
	if err := a.Orgs.MaySetSignIn(ctx, org, ""); err != nil {
		return out, org, err
	}
	p, err := a.OIDC.Get(ctx, org)
	if err != nil {
		return out, org, err
	}
	out = signIn{p.Issuer, p.ClientID, p.Domains, p.Role, a.BaseURL(c) + "/login/oidc/" + string(org), string(p.ChangedBy), p.ChangedAt}
	return out, org, still(c, out)
}

func (a *API) getSignIn(c echo.Context) error {
	s, _, err := a.signInHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, s)
}

func (a *API) setSignIn(c echo.Context) error {
	var in struct {
		Issuer   string   `json:"issuer"`
		ClientID string   `json:"client_id"`
		Secret   string   `json:"secret"`
		Domains  []string `json:"domains"`
		Role     string   `json:"role"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	_, org, err := a.signInHere(c)
	if err != nil && !errors.Is(err, oidc.ErrNone) {
		return err
	}
	f := oidc.Settings{Issuer: in.Issuer, ClientID: in.ClientID, Secret: vault.Secret(in.Secret), Domains: strings.Join(in.Domains, " "), Role: in.Role}
	if err := a.OIDC.Set(c.Request().Context(), org, f); err != nil {
		return err
	}
	c.Request().Header.Del("If-Match") // it was that one
	return a.getSignIn(c)
}

func (a *API) removeSignIn(c echo.Context) error {
	_, org, err := a.signInHere(c)
	if err != nil {
		return err
	}
	return silently(c, a.OIDC.Remove(c.Request().Context(), org))
}
