package oidc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
)

// Entered is what came of a visit: somebody who is signed in by it, or, with
// Claim, an account that its owner has to sign in to and say that it is his.
type Entered struct {
	User  iam.User
	Next  string
	Claim string // sealed, for the browser to keep
}

// Finish takes what the browser brought back. It fails with ErrCame, ErrDenied,
// ErrIssuer, ErrUnverified or ErrNoAccount.
func (s *Service) Finish(ctx context.Context, tenant iam.OrgID, back, cookie string, c Callback) (Entered, error) {
	w, next, err := s.ask(ctx, tenant, back, cookie, c)
	if err != nil {
		return Entered{}, err
	}
	p, err := s.Get(ctx, tenant)
	if err != nil {
		return Entered{}, err
	}
	e := Entered{Next: next}
	if e.User, err = s.known(ctx, tenant, w); err != nil || e.User.ID != "" {
		return e, err
	}
	_, domain, _ := strings.Cut(string(w.Email), "@")
	if !w.Verified || w.Email == "" || !slices.Contains(p.Domains, domain) {
		return Entered{}, ErrUnverified
	}
	user, err := s.Sessions.Users.ByEmail(ctx, w.Email)
	switch {
	case errors.Is(err, iam.ErrUserUnknown):
		e.User, err = s.newcomer(ctx, p, w)
		return e, err
	case err != nil:
		return Entered{}, err
	}
	own, err := s.own(ctx, tenant, user)
	if err != nil {
		return Entered{}, err
	}
	if !own {
		e.Claim, err = s.seal(ctx, claimCell, claim{tenant, w.Issuer, w.Subject, user.ID, iam.Micros(s.Now().Add(visitLife))})
		return e, err
	}
	e.User = user // this time: who holds a role elsewhere by the next is asked himself
	return e, nil
}

// known finds whom the provider's subject was before; no user where nobody.
func (s *Service) known(ctx context.Context, tenant iam.OrgID, w who) (iam.User, error) {
	var id, state string
	err := s.DB.WithContext(ctx).Raw(`SELECT u.id, u.state FROM oidc_identities i JOIN users u ON u.id = i.user_id
WHERE i.tenant_id = ? AND i.issuer = ? AND i.subject = ?`, string(tenant), w.Issuer, w.Subject).Row().Scan(&id, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return iam.User{}, nil
	}
	if err != nil {
		return iam.User{}, fmt.Errorf("find an identity: %w", err)
	}
	if state != "active" {
		return iam.User{}, ErrNoAccount
	}
	return s.Sessions.Users.Get(ctx, iam.UserID(id))
}

// own tells whether the tenant's word alone opens an account: it is at home
// there and nowhere else, and its owner reads its mail. Otherwise a tenant's
// provider, which its owner chooses, would open what lies elsewhere, and an
// account that somebody prepared in another's name would become his.
func (s *Service) own(ctx context.Context, tenant iam.OrgID, user iam.User) (bool, error) {
	if user.Home != tenant {
		return false, nil
	}
	at, err := s.Sessions.Users.Confirmed(ctx, user.ID)
	if err != nil || at.IsZero() {
		return false, err
	}
	var elsewhere int64
	err = s.DB.WithContext(ctx).Raw(`SELECT COUNT(*) FROM assignments WHERE subject_type = 'user' AND subject_id = ? AND tenant_id <> ? AND status = 'active' AND ended_at IS NULL`,
		string(user.ID), string(tenant)).Scan(&elsewhere).Error
	if err != nil {
		return false, fmt.Errorf("look where somebody holds roles: %w", err)
	}
	return elsewhere == 0, nil
}

// newcomer makes an account at home in the tenant, with the role that the tenant
// gives to such people.
func (s *Service) newcomer(ctx context.Context, p Provider, w who) (user iam.User, err error) {
	if p.Role == "" {
		return user, ErrNoAccount
	}
	user = iam.User{Email: w.Email, Name: w.Name, Home: p.Tenant}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Sessions.Versions.Bump(tx); err != nil { // first: it takes turns
			return err
		}
		if user.ID, err = s.Sessions.Users.Create(tx, iam.NewUser{Email: w.Email, Name: w.Name, Home: p.Tenant}); err != nil {
			return err
		}
		ctx := audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(user.ID), Name: user.Name})
		if err := s.Join(ctx, tx, user.ID, p); err != nil {
			return ErrNoAccount.Because(err) // who chose the role may not give it any more
		}
		return s.write(ctx, tx, p.Tenant, w.Issuer, w.Subject, user)
	})
	if err != nil {
		return iam.User{}, fmt.Errorf("sign a newcomer in: %w", err)
	}
	return user, nil
}

func (s *Service) link(ctx context.Context, tenant iam.OrgID, issuer, subject string, user iam.User) error {
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(user.ID), Name: user.Name})
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return s.write(ctx, tx, tenant, issuer, subject, user) })
	if err != nil {
		return fmt.Errorf("link an identity: %w", err)
	}
	return nil
}

func (s *Service) write(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, issuer, subject string, user iam.User) error {
	err := tx.Exec(`INSERT INTO oidc_identities (tenant_id, issuer, subject, user_id, linked_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(tenant), issuer, subject, string(user.ID), iam.Micros(s.Now())).Error
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, "identity.link", audit.Object{Tenant: string(tenant), Org: string(tenant), Type: "user", ID: string(user.ID)}, audit.Detail{"issuer": issuer})
}

// claim says that a provider vouches for whoever owns an account; whether it is
// he, he says himself.
type claim struct {
	Tenant  iam.OrgID  `json:"t"`
	Issuer  string     `json:"i"`
	Subject string     `json:"s"`
	User    iam.UserID `json:"u"`
	Ends    int64      `json:"e"` // microseconds
}

var claimCell = vault.Cell{Column: "oidc.claim"}

// Claimed tells which provider vouches for the person who looks, or ErrCame: also
// where the claim is about somebody else.
func (s *Service) Claimed(ctx context.Context, cookie string, me iam.UserID) (Provider, error) {
	c, err := s.claimed(ctx, cookie, me)
	if err != nil {
		return Provider{}, err
	}
	return s.Get(ctx, c.Tenant)
}

func (s *Service) claimed(ctx context.Context, cookie string, me iam.UserID) (c claim, err error) {
	if err := s.unseal(ctx, claimCell, cookie, &c); err != nil {
		return c, err
	}
	if c.User != me || iam.Micros(s.Now()) >= c.Ends {
		return c, ErrCame
	}
	return c, nil
}

// Accept links the account of who is signed in with what the provider vouched for.
func (s *Service) Accept(ctx context.Context, cookie string, me iam.Session) error {
	c, err := s.claimed(ctx, cookie, me.User)
	if err != nil {
		return err
	}
	if row, err := s.row(s.DB.WithContext(ctx), c.Tenant); err != nil || row.Issuer != c.Issuer {
		return ErrCame.Because(err)
	}
	return s.link(ctx, c.Tenant, c.Issuer, c.Subject, iam.User{ID: me.User, Name: me.Name})
}
