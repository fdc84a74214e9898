package orgs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// ErrTokenByToken keeps a leaked token from outliving itself.
var ErrTokenByToken = fault.New(fault.Refused, "token-by-token", "A token cannot make or revoke your tokens. Sign in for that.")

// OwnTokenRequest says what a personal token shall be. Role and Org may narrow
// it: then it does no more than that role would, and nowhere but there and
// below. In any case it does no more than the person himself may at that moment.
type OwnTokenRequest struct {
	Label     string
	NotAfter  time.Time
	Role      string // of the catalogue; "" for all that one may
	Org       iam.OrgID
	Assurance iam.Assurance // how the person is signed in
}

// NewOwnToken draws a token for a program of the person who acts in ctx; nobody
// can read it again. Field names: label, not_after, role, org.
func (m Machines) NewOwnToken(ctx context.Context, r OwnTokenRequest) (vault.Secret, iam.APIToken, error) {
	if _, ok := iam.BearerOf(ctx); ok {
		return "", iam.APIToken{}, ErrTokenByToken
	}
	u, tenant, err := m.person(ctx)
	if err != nil {
		return "", iam.APIToken{}, err
	}
	n := iam.NewAPIToken{Holder: iam.Holder{Type: string(policies.Person), ID: string(u.ID)}, Tenant: tenant, Label: r.Label, CutRole: r.Role,
		CutOrg: r.Org, NotAfter: r.NotAfter, Assurance: max(r.Assurance, iam.Password), By: string(u.ID)}
	var form iam.Form
	if r.Role != "" && !slices.Contains(policies.Roles(), policies.Role(r.Role)) {
		form.Check("role", policies.ErrRole)
	}
	if r.Org != "" {
		form.Check("org", m.Orgs.Decider.Require(ctx, policies.ReadOrg, r.Org))
	}
	n.Check(&form, m.Orgs.Now())
	if err := form.Err(); err != nil {
		return "", iam.APIToken{}, err
	}
	var secret vault.Secret
	var token iam.APIToken
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if secret, token, err = m.Tokens.Make(tx, n); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "token.make", ownObject(u, tenant), tokenDetail(token))
	})
	if err != nil {
		return "", iam.APIToken{}, fmt.Errorf("new personal token: %w", err)
	}
	return secret, token, nil
}

// OwnTokens lists those of the person who acts in ctx.
func (m Machines) OwnTokens(ctx context.Context) ([]iam.APIToken, error) {
	user, err := iam.PersonIn(ctx)
	if err != nil {
		return nil, err
	}
	return m.Tokens.List(m.Orgs.DB.WithContext(ctx), iam.Holder{Type: string(policies.Person), ID: string(user)})
}

// RevokeOwnToken ends one of his at once, everywhere. A token may revoke itself,
// and no other.
func (m Machines) RevokeOwnToken(ctx context.Context, id iam.TokenID) error {
	if b, ok := iam.BearerOf(ctx); ok && b.Token != id {
		return ErrTokenByToken
	}
	u, tenant, err := m.person(ctx)
	if err != nil {
		return err
	}
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		t, err := m.Tokens.Get(tx, id)
		if err != nil {
			return err
		}
		if t.Holder != (iam.Holder{Type: string(policies.Person), ID: string(u.ID)}) {
			return iam.ErrTokenUnknown
		}
		if err := m.Tokens.Revoke(tx, id, string(u.ID)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "token.revoke", ownObject(u, tenant), tokenDetail(t))
	})
	if err != nil {
		return fmt.Errorf("revoke a personal token: %w", err)
	}
	return nil
}

// person is who acts in ctx, and the tenant where he is at home.
func (m Machines) person(ctx context.Context) (iam.User, iam.OrgID, error) {
	user, err := iam.PersonIn(ctx)
	if err != nil {
		return iam.User{}, "", err
	}
	u, err := m.Orgs.Users.Get(ctx, user)
	if err != nil {
		return u, "", err
	}
	o, err := findOrg(m.Orgs.DB.WithContext(ctx), u.Home)
	return u, o.Tenant, err
}

func ownObject(u iam.User, tenant iam.OrgID) audit.Object {
	return audit.Object{Tenant: string(tenant), Org: string(u.Home), Type: "user", ID: string(u.ID)}
}
