package orgs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/notify"
	"halfkey/iam/vault"
)

// foundingLife is how long a founding waits for its link to be opened.
const foundingLife = 24 * time.Hour

// ErrOtherBrowser says that the link was opened in another browser than the one
// that asked for it, so that the password has to be given again.
var ErrOtherBrowser = fault.New(fault.Unprocessable, "founding-elsewhere", "You began in another browser. Enter the password that you chose there, or, with a passkey, open the link there.")

// The letters of a founding.
const (
	letterFoundAsked = "founding-asked" // is none yet: whether somebody has the address is found out by the job
	letterFound      = "founding"
)

// waitingFounding is a founding that waits, sealed, for its link.
type waitingFounding struct {
	Founding   Founding `json:"founding"`
	Browser    []byte   `json:"browser"`               // a keyed hash of the cookie of the browser that asked
	AccountKey string   `json:"account_key,omitempty"` // of Founding.Account, whose own is dots in JSON
}

// ByMail tells whether foundings wait for a link that goes to the owner's address.
func (s *Service) ByMail() bool { return s.Post.On() }

// AskFounding reads the form and mails a link that finishes it. Whether there is
// an account with that address already is told there and not here: what is done
// here is the same for both. Field names are Found's.
func (s *Service) AskFounding(ctx context.Context, r FoundRequest, browser vault.Secret, source string) error {
	if ok, wait := s.Sessions.Limits.Allow("found|"+source, 20, time.Hour); !ok {
		return iam.ErrResting.Retry(wait)
	}
	f, err := s.ReadFounding(ctx, r)
	if err != nil {
		return err
	}
	w := waitingFounding{Founding: f, Browser: s.browserHash(browser)}
	if f.Account != nil {
		w.AccountKey = f.Account.Secret.Reveal()
	}
	text, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("ask to found: %w", err)
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return s.Post.Mail(ctx, tx, notify.Letter{Kind: letterFoundAsked, To: string(f.Owner.Email), Data: notify.Data{"Waiting": string(text)}, Life: foundingLife})
	})
}

func (s *Service) browserHash(browser vault.Secret) []byte {
	return s.Vault.MAC("founding-browser", []byte(browser.Reveal()))
}

// Later are the letters that need another look before they are written.
func (s *Service) Later() map[string]func(context.Context, *gorm.DB, notify.Letter) error {
	return map[string]func(context.Context, *gorm.DB, notify.Letter) error{letterFoundAsked: s.foundingAsked}
}

func (s *Service) foundingAsked(ctx context.Context, tx *gorm.DB, l notify.Letter) error {
	there, err := s.Addresses.There(ctx, tx, iam.Email(l.To))
	if err != nil || there {
		return err
	}
	var w waitingFounding
	if err := json.Unmarshal([]byte(l.Data["Waiting"]), &w); err != nil {
		return errors.New("a waiting founding cannot be read") // the cause would quote it
	}
	link := iam.Link{Purpose: iam.LinkFound, Email: iam.Email(l.To), Mailed: true, Held: []byte(l.Data["Waiting"])}
	token, err := s.Addresses.Links.Make(tx, link, foundingLife)
	if err != nil {
		return err
	}
	return s.Post.Mail(ctx, tx, notify.Letter{Kind: letterFound, To: l.To, Life: foundingLife,
		Data: notify.Data{"Name": w.Founding.Owner.Name, "Org": w.Founding.Organisation, notify.Path: "/confirm/" + token.Reveal()}})
}

// Waiting reads what a link would found, and uses nothing up. It fails with ErrLink.
func (s *Service) Waiting(ctx context.Context, token string) (Founding, error) {
	w, err := s.waiting(s.DB.WithContext(ctx), token)
	return w.Founding, err
}

func (s *Service) waiting(q *gorm.DB, token string) (w waitingFounding, err error) {
	link, err := s.Addresses.Links.Find(q, iam.LinkFound, token)
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(link.Held, &w); err != nil {
		return w, errors.New("a waiting founding cannot be read")
	}
	if w.Founding.Account != nil {
		w.Founding.Account.Secret, w.AccountKey = vault.Secret(w.AccountKey), ""
	}
	return w, nil
}

// FoundByLink finishes what AskFounding began. Who opens the link reads the
// address's mail; that it was he who chose the password shows the browser, or
// else the password itself: otherwise anybody could prepare an account in
// another's name and wait for him to open the link. It fails with ErrLink,
// ErrOtherBrowser, ErrResting and ErrEmailTaken.
func (s *Service) FoundByLink(ctx context.Context, token string, browser, password vault.Secret) (done Founded, by iam.Method, err error) {
	w, err := s.waiting(s.DB.WithContext(ctx), token)
	if err != nil {
		return done, "", err
	}
	if err := s.sameHands(ctx, w, browser, password); err != nil {
		return done, "", err
	}
	if err := s.signUpOpen(ctx); err != nil {
		return done, "", err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := s.Addresses.Links.Use(tx, iam.LinkFound, token); err != nil {
			return err
		}
		if done, err = s.found(ctx, tx, w.Founding); err != nil {
			return err
		}
		return s.Users.Confirm(tx, done.User, w.Founding.Owner.Email)
	})
	if err != nil {
		return Founded{}, "", fmt.Errorf("found by a link: %w", err)
	}
	s.connected(done)
	s.tell(live.People, done.Tenant, done.Tenant, string(done.User))
	return done, iam.Choice{Passkey: w.Founding.Owner.Passkey}.Method(), nil
}

func (s *Service) sameHands(ctx context.Context, w waitingFounding, browser, password vault.Secret) error {
	if browser != "" && string(s.browserHash(browser)) == string(w.Browser) {
		return nil
	}
	if w.Founding.Owner.Passkey != nil || password == "" {
		return ErrOtherBrowser
	}
	if ok, wait := s.Sessions.Limits.Allow("founding|"+string(w.Founding.Owner.Email), 5, time.Hour); !ok {
		return iam.ErrResting.Retry(wait)
	}
	fits, _, err := s.Passwords.Check(ctx, w.Founding.Owner.PasswordHash, password)
	if err != nil {
		return fmt.Errorf("found by a link: %w", err)
	}
	if !fits {
		return ErrOtherBrowser
	}
	return nil
}
