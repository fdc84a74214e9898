package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// ErrSignUpClosed says that nobody founds an organisation here by himself.
var ErrSignUpClosed = fault.New(fault.Refused, "sign-up-closed", "People join this Halfkey by invitation. Ask whoever runs it.")

// FoundRequest is the registration form.
type FoundRequest struct {
	Organisation string
	Name         string
	Email        string
	Password     vault.Secret
}

// Founded is what came of it.
type Founded struct {
	Tenant iam.OrgID
	User   iam.UserID
	Key    iam.KeyID
}

// embedded is the provider that a new organisation's channels live in.
const embedded = "embedded"

// Found makes an organisation, its owner, the connector for its channels and
// its first registration key: all of it or nothing, so that the same form can
// be sent again after any failure. Field names: organisation, name, email,
// password.
func (s *Service) Found(ctx context.Context, r FoundRequest) (Founded, error) {
	signUp, err := s.Settings.Get(ctx, iam.SettingSignUp)
	if err != nil {
		return Founded{}, err
	}
	if signUp != iam.SignUpOpen {
		return Founded{}, ErrSignUpClosed
	}
	var form iam.Form
	organisation, err := iam.ParseName(r.Organisation)
	form.Check("organisation", err)
	name, err := iam.ParseName(r.Name)
	form.Check("name", err)
	email, err := iam.ParseEmail(r.Email)
	form.Check("email", err)
	if err == nil {
		form.Check("email", s.unused(ctx, email))
	}
	form.Check("password", iam.CheckStrength(r.Password, r.Name, r.Email, r.Organisation))
	if err := form.Err(); err != nil {
		return Founded{}, err
	}
	hash, err := s.Passwords.Hash(ctx, r.Password)
	if err != nil {
		return Founded{}, fmt.Errorf("found: %w", err)
	}
	var f Founded
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		f, err = s.found(ctx, tx, organisation, iam.NewUser{Email: email, Name: name, PasswordHash: hash})
		return err
	})
	if errors.Is(err, iam.ErrEmailTaken) {
		return Founded{}, iam.Wrong("email", iam.ErrEmailTaken)
	}
	if err != nil {
		return Founded{}, fmt.Errorf("found: %w", err)
	}
	s.tell(live.People, f.Tenant, f.Tenant, string(f.User))
	return f, nil
}

// unused is nil when nobody has the address; an early word for the form.
func (s *Service) unused(ctx context.Context, email iam.Email) error {
	_, err := s.Users.ByEmail(ctx, email)
	if errors.Is(err, iam.ErrUserUnknown) {
		return nil
	}
	if err == nil {
		return iam.ErrEmailTaken
	}
	return err
}

func (s *Service) found(ctx context.Context, tx *gorm.DB, name string, owner iam.NewUser) (f Founded, err error) {
	top, err := root(tx)
	if err != nil {
		return f, err
	}
	org, err := s.add(tx, Org{Parent: top.ID, Kind: Tenant, Name: name})
	if err != nil {
		return f, err
	}
	owner.Home = org.ID
	if f.User, err = s.Users.Create(tx, owner); err != nil {
		return f, err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(f.User), Name: owner.Name})
	for _, seat := range []policies.Grant{
		{Role: policies.Owner, Source: policies.Founding},
		{Role: policies.Member, Source: policies.Direct}, // who manages does not yet belong
	} {
		seat.Subject, seat.Org, seat.By, seat.Reason = f.User, org.ID, f.User, "founded it"
		if _, err := s.Decider.Grant(ctx, tx, seat); err != nil {
			return f, err
		}
	}
	f.Tenant = org.ID
	f.Key, err = s.equip(ctx, tx, org)
	return f, err
}

// equip gives a new tenant its connector and its first registration key.
func (s *Service) equip(ctx context.Context, tx *gorm.DB, org Org) (iam.KeyID, error) {
	if _, err := s.Connectors.Add(ctx, tx, org.ID, org.ID, embedded, "Channels of "+org.Name); err != nil {
		return "", err
	}
	key, err := s.newKey(tx, Key{Tenant: org.ID, Org: org.ID, Label: org.Name, Form: Standard, Boarding: BoardAuto, Reboarding: ReboardApprove, DeviceKind: "thermometer", CreatedBy: asking(ctx)})
	if err != nil {
		return "", err
	}
	return key.ID, audit.Record(ctx, tx, "org.found", audit.Object{Tenant: string(org.ID), Org: string(org.ID), Type: "org", ID: string(org.ID)},
		audit.Detail{"name": org.Name, "key": string(key.ID)})
}
