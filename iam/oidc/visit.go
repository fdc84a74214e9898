package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// What a visit to a provider can come back with.
var (
	ErrCame       = fault.New(fault.Unprocessable, "oidc-came-back", "The sign-in did not come back to where it began, or took too long. Begin again.")
	ErrDenied     = fault.New(fault.Refused, "oidc-denied", "The provider did not sign you in.")
	ErrUnverified = fault.New(fault.Refused, "oidc-unverified", "The provider does not vouch for your address, or it is of a domain that it may not speak for.")
	ErrNoAccount  = fault.New(fault.Refused, "oidc-no-account", "There is no account for you here yet. Ask for an invitation.")
)

// visitLife is how long somebody may take at the provider's.
const visitLife = 10 * time.Minute

// visit is what the browser keeps, sealed, while its owner is at the provider's.
type visit struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Issuer   string `json:"i"`
	Next     string `json:"x"`
	Ends     int64  `json:"e"` // microseconds
}

func visitCell(tenant iam.OrgID) vault.Cell {
	return vault.Cell{Tenant: string(tenant), Column: "oidc.visit", Row: string(tenant)}
}

// Begin gives the address at the provider's, and what the browser must bring
// back in a cookie. Back is our address to come back to: one for each tenant.
// hint is the person's address, if he typed it.
func (s *Service) Begin(ctx context.Context, tenant iam.OrgID, back, next, hint string) (there, cookie string, err error) {
	p, config, err := s.config(ctx, tenant, back)
	if err != nil {
		return "", "", err
	}
	v := visit{State: iam.RandomToken().Reveal(), Nonce: iam.RandomToken().Reveal(), Verifier: oauth2.GenerateVerifier(), Issuer: p.issuer, Next: next, Ends: iam.Micros(s.Now().Add(visitLife))}
	if cookie, err = s.seal(ctx, visitCell(tenant), v); err != nil {
		return "", "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(v.Nonce), oauth2.S256ChallengeOption(v.Verifier)}
	if hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", hint))
	}
	return config.AuthCodeURL(v.State, options...), cookie, nil
}

func (s *Service) seal(ctx context.Context, cell vault.Cell, what any) (string, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return "", err
	}
	sealed, err := s.Vault.Seal(s.DB.WithContext(ctx), cell, text)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (s *Service) unseal(ctx context.Context, cell vault.Cell, cookie string, what any) error {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil {
		return ErrCame
	}
	text, err := s.Vault.Open(s.DB.WithContext(ctx), cell, sealed)
	if err != nil {
		return ErrCame.Because(err)
	}
	if err := json.Unmarshal(text, what); err != nil {
		return ErrCame
	}
	return nil
}

// place is a provider as it is asked.
type place struct {
	*discovered
	issuer string
	client string
}

func (s *Service) config(ctx context.Context, tenant iam.OrgID, back string) (place, *oauth2.Config, error) {
	q := s.DB.WithContext(ctx)
	row, err := s.row(q, tenant)
	if err != nil {
		return place{}, nil, err
	}
	secret, err := s.Vault.Open(q, secretCell(row.TenantID), row.SecretSealed)
	if err != nil {
		return place{}, nil, err
	}
	d, err := s.discover(row.Issuer)
	if err != nil {
		return place{}, nil, err
	}
	return place{d, row.Issuer, row.ClientID}, &oauth2.Config{ClientID: row.ClientID, ClientSecret: string(secret), Endpoint: d.Endpoint(), RedirectURL: back, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}, nil
}

// Callback is what a browser brings back from the provider.
type Callback struct{ Code, State, Issuer, Error string }

// ParseCallback reads it from the address. What is there twice, or too long,
// fails with ErrCame: two parts of a system must not read it differently.
func ParseCallback(q url.Values) (c Callback, err error) {
	for name, to := range map[string]*string{"code": &c.Code, "state": &c.State, "iss": &c.Issuer, "error": &c.Error} {
		switch all := q[name]; {
		case len(all) > 1 || len(all) == 1 && len(all[0]) > 4096:
			return Callback{}, ErrCame
		case len(all) == 1:
			*to = all[0]
		}
	}
	if _, ok := iam.ParseToken(c.State); !ok || (c.Code == "") == (c.Error == "") {
		return Callback{}, ErrCame
	}
	return c, nil
}

// who is whom the provider says it was.
type who struct {
	Issuer   string
	Subject  string
	Email    iam.Email
	Verified bool
	Name     string
}

// ask takes what came back to the provider that it must have come from. It fails
// with ErrCame, ErrDenied or ErrIssuer.
func (s *Service) ask(ctx context.Context, tenant iam.OrgID, back, cookie string, c Callback) (who, string, error) {
	var v visit
	if err := s.unseal(ctx, visitCell(tenant), cookie, &v); err != nil {
		return who{}, "", err
	}
	if subtle.ConstantTimeCompare([]byte(v.State), []byte(c.State)) != 1 || iam.Micros(s.Now()) >= v.Ends {
		return who{}, "", ErrCame
	}
	p, config, err := s.config(ctx, tenant, back)
	if err != nil {
		return who{}, "", err
	}
	switch {
	case p.issuer != v.Issuer, p.namesItself && c.Issuer == "", c.Issuer != "" && c.Issuer != p.issuer: // another's answer (RFC 9207)
		return who{}, "", ErrCame
	case c.Error != "":
		return who{}, "", ErrDenied
	}
	ctx = oidc.ClientContext(ctx, s.client())
	tokens, err := config.Exchange(ctx, c.Code, oauth2.VerifierOption(v.Verifier))
	if err != nil {
		return who{}, "", ErrDenied.Because(discreet(err))
	}
	w, err := s.read(ctx, p, tokens, v.Nonce)
	return w, v.Next, err
}

// discreet keeps what the provider answered out of the log: it may hold a token.
func discreet(err error) error {
	if e, ok := err.(*oauth2.RetrieveError); ok {
		return fmt.Errorf("the provider answered %d %s", e.Response.StatusCode, e.ErrorCode)
	}
	return err
}

func (s *Service) read(ctx context.Context, p place, tokens *oauth2.Token, nonce string) (who, error) {
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return who{}, ErrDenied
	}
	id, err := p.VerifierContext(ctx, &oidc.Config{ClientID: p.client, SupportedSigningAlgs: slices.Clone(p.algorithms), Now: s.Now}).Verify(ctx, raw)
	if err != nil {
		return who{}, ErrDenied.Because(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 || id.Subject == "" || len(id.Subject) > 255 {
		return who{}, ErrCame
	}
	var claims struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some say "true"
		Name     string `json:"name"`
	}
	if err := id.Claims(&claims); err != nil {
		return who{}, ErrDenied.Because(err)
	}
	w := who{Issuer: p.issuer, Subject: id.Subject, Verified: claims.Verified == true || claims.Verified == "true"}
	if email, err := iam.ParseEmail(claims.Email); err == nil {
		w.Email = email
	}
	if w.Name, err = iam.ParseName(claims.Name); err != nil {
		w.Name, _, _ = strings.Cut(string(w.Email), "@")
	}
	return w, nil
}
