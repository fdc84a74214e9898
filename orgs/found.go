package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// ErrSignUpClosed says that nobody founds an organisation here by himself.
var ErrSignUpClosed = fault.New(fault.Refused, "sign-up-closed", "People join this Halfkey by invitation. Ask whoever runs it.")

// FoundRequest is the registration form. Where there is a passkey, the password
// does not count.
type FoundRequest struct {
	Organisation string
	Name         string
	Email        string
	Password     vault.Secret
	Passkey      *iam.NewPasskey
	Account      *connectors.Draft // at a service outside, for the channels; nil: they are kept here
}

// Founding is a registration form that was read, and all that is needed to
// found. It is plain data without the password itself, so that it can wait,
// sealed, until its owner opens a link.
type Founding struct {
	Organisation string
	Owner        iam.NewUser
	Account      *connectors.Draft
}

// Founded is what came of it.
type Founded struct {
	Tenant    iam.OrgID
	User      iam.UserID
	Key       iam.KeyID
	Connector connectors.ID // of the account that came along; empty: none did
}

// embedded is the provider that a new organisation's channels live in.
const embedded = "embedded"

// Found reads the form and founds at once. Field names: organisation, name,
// email, password, account_key.
func (s *Service) Found(ctx context.Context, r FoundRequest) (Founded, error) {
	f, err := s.ReadFounding(ctx, r)
	if err != nil {
		return Founded{}, err
	}
	return s.FinishFounding(ctx, f)
}

// ReadFounding checks the form, whoever has the address, and hashes the
// password. Nothing is kept yet. Field names are Found's.
func (s *Service) ReadFounding(ctx context.Context, r FoundRequest) (f Founding, err error) {
	if err := s.signUpOpen(ctx); err != nil {
		return f, err
	}
	var form iam.Form
	f.Organisation, err = iam.ParseName(r.Organisation)
	form.Check("organisation", err)
	f.Owner.Name, err = iam.ParseName(r.Name)
	form.Check("name", err)
	f.Owner.Email, err = iam.ParseEmail(r.Email)
	form.Check("email", err)
	choice := iam.Choice{Password: r.Password, Passkey: r.Passkey}
	form.Check("password", choice.Fit(s.Passwords, r.Name, r.Email, r.Organisation))
	if f.Account = r.Account; f.Account != nil {
		form.Check("account_key", s.mayBring(*f.Account))
	}
	if err := form.Err(); err != nil {
		return f, err
	}
	return f, choice.Give(ctx, s.Passwords, &f.Owner)
}

// FinishFounding makes an organisation, its owner, the connector for its
// channels and its first registration key: all of it or nothing, so that it can
// be tried again after any failure. It fails with ErrSignUpClosed, and with
// ErrEmailTaken at the field email.
func (s *Service) FinishFounding(ctx context.Context, f Founding) (done Founded, err error) {
	if err := s.signUpOpen(ctx); err != nil {
		return done, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		done, err = s.found(ctx, tx, f)
		return err
	})
	if errors.Is(err, iam.ErrEmailTaken) {
		return Founded{}, iam.Wrong("email", iam.ErrEmailTaken)
	}
	if err != nil {
		return Founded{}, fmt.Errorf("found: %w", err)
	}
	s.connected(done)
	s.tell(live.People, done.Tenant, done.Tenant, string(done.User))
	return done, nil
}

func (s *Service) signUpOpen(ctx context.Context) error {
	signUp, err := s.Settings.Get(ctx, iam.SettingSignUp)
	if err == nil && signUp != iam.SignUpOpen {
		err = ErrSignUpClosed
	}
	return err
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

// connected has what was brought along looked at.
func (s *Service) connected(f Founded) {
	if f.Connector != "" {
		s.Desk.Wake()
	}
}

func (s *Service) found(ctx context.Context, tx *gorm.DB, w Founding) (f Founded, err error) {
	top, err := root(tx)
	if err != nil {
		return f, err
	}
	org, err := s.add(tx, Org{Parent: top.ID, Kind: Tenant, Name: w.Organisation})
	if err != nil {
		return f, err
	}
	owner := w.Owner
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
	if f.Key, err = s.equip(ctx, tx, org); err == nil && w.Account != nil {
		f.Connector, err = s.Desk.Install(ctx, tx, org.ID, org.ID, *w.Account)
	}
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
