package orgs

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// What a setup can meet.
var (
	ErrNotSetUp   = fault.New(fault.Unavailable, "not-set-up", "This Halfkey waits for its administrator. Open the setup link from its console.")
	ErrSetupToken = fault.New(fault.Refused, "setup-token", "This setup link is not, or no longer, good. The console shows the newest one; `halfkey admin setup-link` prints another.")
	ErrBaseURL    = fault.New(fault.Unprocessable, "base-url-malformed", "Enter an address such as https://halfkey.example.net.")
	ErrSignUp     = fault.New(fault.Unprocessable, "sign-up-unknown", "Choose who may sign up.")
)

// SetupRequest is the setup form. BaseURL and SignUp may be empty: then they
// stay as they are, at first invited people only. Where there is a passkey, the
// password does not count; only somebody new comes with one.
type SetupRequest struct {
	Token    vault.Secret
	Name     string
	Email    string
	Password vault.Secret
	Passkey  *iam.NewPasskey
	BaseURL  string
	SignUp   string
}

// Setup makes the platform's organisation and its administrator, once for each
// setup link. With a later link from the console it makes one more, or gives an
// administrator who is locked out a new password. Field names: token, name,
// email, password, base_url, sign_up.
func (s *Service) Setup(ctx context.Context, r SetupRequest) (iam.UserID, error) {
	nonce, err := s.setupNonce(s.DB.WithContext(ctx))
	if err != nil {
		return "", err
	}
	if nonce == "" || !hmac.Equal([]byte(s.setupToken(nonce)), []byte(strings.TrimSpace(r.Token.Reveal()))) {
		return "", ErrSetupToken
	}
	choice := iam.Choice{Password: r.Password, Passkey: r.Passkey}
	admin, err := r.parse(choice.Fit(s.Passwords, r.Name, r.Email))
	if err != nil {
		return "", err
	}
	if err := choice.Give(ctx, s.Passwords, &admin.NewUser); err != nil {
		return "", fmt.Errorf("set up: %w", err)
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return s.setUpIn(ctx, tx, nonce, admin) })
	if errors.Is(err, iam.ErrEmailTaken) {
		return "", iam.Wrong("email", iam.ErrEmailTaken)
	}
	if err != nil {
		return "", fmt.Errorf("set up: %w", err)
	}
	s.tell(live.People, admin.root, admin.root, string(admin.user))
	return admin.user, nil
}

// firstAdmin is a setup form that was read, and then who came of it.
type firstAdmin struct {
	iam.NewUser
	baseURL string
	signUp  string
	user    iam.UserID
	root    iam.OrgID
}

// parse reads the form; unfit is what is wrong with the way in.
func (r SetupRequest) parse(unfit error) (*firstAdmin, error) {
	var form iam.Form
	var a firstAdmin
	var err error
	a.Name, err = iam.ParseName(r.Name)
	form.Check("name", err)
	a.Email, err = iam.ParseEmail(r.Email)
	form.Check("email", err)
	form.Check("password", unfit)
	if r.BaseURL != "" {
		a.baseURL, err = ParseBaseURL(r.BaseURL)
		form.Check("base_url", err)
	}
	switch a.signUp = r.SignUp; a.signUp {
	case "", iam.SignUpInvited, iam.SignUpOpen:
	default:
		form.Check("sign_up", ErrSignUp)
	}
	return &a, form.Err()
}

func (s *Service) setUpIn(ctx context.Context, tx *gorm.DB, nonce string, a *firstAdmin) error {
	if err := s.Decider.Bump(tx); err != nil { // first: of two who hold the link one comes too late
		return err
	}
	now, err := s.setupNonce(tx)
	if err != nil {
		return err
	}
	if now != nonce {
		return ErrSetupToken
	}
	if err := s.Settings.Set(tx, settingSetup, ""); err != nil {
		return err
	}
	top, err := root(tx)
	if errors.Is(err, ErrNotSetUp) {
		top, err = s.add(tx, Org{Kind: Platform, Name: "Platform"})
	}
	if err != nil {
		return err
	}
	a.root = top.ID
	if err := s.administrator(ctx, tx, a); err != nil {
		return err
	}
	if a.baseURL != "" {
		if err := s.Settings.Set(tx, iam.SettingBaseURL, a.baseURL); err != nil {
			return err
		}
	}
	if a.signUp != "" {
		if err := s.Settings.Set(tx, iam.SettingSignUp, a.signUp); err != nil {
			return err
		}
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(a.user), Name: a.Name})
	return audit.Record(ctx, tx, "platform.set-up", audit.Object{Tenant: string(top.ID), Org: string(top.ID), Type: "user", ID: string(a.user)},
		audit.Detail{"sign_up": a.signUp, "base_url": a.baseURL})
}

// administrator makes the person and his role. Somebody known must be an
// administrator already, and then gets the new password.
func (s *Service) administrator(ctx context.Context, tx *gorm.DB, a *firstAdmin) error {
	var known struct {
		ID    string
		Admin bool
	}
	err := tx.Raw(`SELECT u.id, EXISTS (SELECT 1 FROM assignments a WHERE a.subject_id = u.id AND a.role = ? AND a.status = 'active' AND a.ended_at IS NULL) AS admin
FROM users u WHERE u.email = ?`, string(policies.PlatformAdmin), string(a.Email)).Scan(&known).Error
	if err != nil {
		return err
	}
	a.user = iam.UserID(known.ID)
	switch {
	case known.ID == "":
		a.Home = a.root
		a.user, err = s.Users.Create(tx, a.NewUser)
	case known.Admin && a.PasswordHash != "":
		if err = s.Users.SetPassword(tx, a.user, a.PasswordHash); err == nil {
			err = s.Sessions.Revoke(tx, a.user)
		}
	default:
		err = iam.ErrEmailTaken
	}
	if err != nil {
		return err
	}
	_, err = s.Decider.Grant(ctx, tx, policies.Grant{
		Subject: a.user, Role: policies.PlatformAdmin, Org: a.root, Source: policies.Console, By: a.user, Reason: "held the setup link",
	})
	return err
}

// ParseBaseURL takes the address at which people and devices reach us: http or
// https, a host, perhaps a port and a path; no slash at the end. It fails with
// ErrBaseURL.
func ParseBaseURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || len(s) > 200 || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		!isPort(u.Port()) || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" || strings.ContainsAny(u.Host, "\"'<>&`") {
		return "", ErrBaseURL
	}
	return strings.TrimRight(u.String(), "/#"), nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}
