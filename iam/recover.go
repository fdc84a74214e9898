package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/notify"
	"halfkey/iam/vault"
)

// RecoveryLife is how long a recovery link opens the way back in.
const RecoveryLife = 30 * time.Minute

// So often may one network ask for links, and links be asked for one address.
const (
	recoverMostSource  = 20
	recoverMostAddress = 3
	recoverPer         = time.Hour
)

// What a way back can meet.
var (
	ErrNoMail = fault.New(fault.Unavailable, "no-mail", "This Halfkey sends no mail. Ask an owner of your organisation for a link.")
	ErrSecond = fault.New(fault.Unprocessable, "recovery-second", "Enter a code from your app, or one of your recovery codes. If you have neither, ask an owner of your organisation for a link.")
)

// Recovery leads people back in who can no longer sign in.
type Recovery struct {
	Sessions *Sessions
	Links    *Links
	Post     *notify.Service
	// MayHelp says whether one person may lead another back in, now.
	MayHelp func(ctx context.Context, helper, user UserID) error
}

// The letters that this sends.
const (
	letterAsked     = "recovery-asked" // is none yet: whose address it is is found out by the job
	letterRecover   = "recovery"
	letterHelped    = "recovery-helped"
	letterRecovered = "recovered"
)

// Ask sends a link to the address, if it is somebody's. What happens here is the
// same for every address; whose it is, the job finds out. It fails with
// ErrNoMail, and with ErrResting when one network asks too often.
func (r *Recovery) Ask(ctx context.Context, address, source string) error {
	if !r.Post.On() {
		return ErrNoMail
	}
	if ok, wait := r.Sessions.Limits.Allow("recover|"+source, recoverMostSource, recoverPer); !ok {
		return ErrResting.Retry(wait)
	}
	email, err := ParseEmail(address)
	if err != nil {
		return Wrong("email", err)
	}
	if ok, _ := r.Sessions.Limits.Allow("recover|"+string(email), recoverMostAddress, recoverPer); !ok {
		return nil // his box is not to be filled; who asks hears what he always hears
	}
	return r.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return r.Post.Mail(ctx, tx, notify.Letter{Kind: letterAsked, To: string(email), Life: RecoveryLife})
	})
}

// Later are the letters that need another look before they are written.
func (r *Recovery) Later() map[string]func(context.Context, *gorm.DB, notify.Letter) error {
	return map[string]func(context.Context, *gorm.DB, notify.Letter) error{letterAsked: r.asked}
}

func (r *Recovery) asked(ctx context.Context, tx *gorm.DB, l notify.Letter) error {
	row, err := take(tx.Where("email = ? AND state = ?", l.To, userActive))
	if errors.Is(err, ErrUserUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	user := row.user()
	if err := r.mail(ctx, tx, Link{User: user.ID, Email: user.Email}, letterRecover, notify.Data{"Name": user.Name}); err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "stranger", Name: "somebody"})
	return r.Sessions.record(ctx, tx, user, "recovery.ask", nil)
}

// mail makes a link that goes to the person's address and nowhere else.
func (r *Recovery) mail(ctx context.Context, tx *gorm.DB, link Link, letter string, d notify.Data) error {
	link.Purpose, link.Mailed = LinkRecover, true
	token, err := r.Links.Make(tx, link, RecoveryLife)
	if err != nil {
		return err
	}
	d[notify.Path] = "/recover/" + token.Reveal()
	return r.Post.Mail(ctx, tx, notify.Letter{Kind: letter, To: string(link.Email), Data: d, Life: RecoveryLife})
}

// Help makes a link for somebody else, in the name of who acts in ctx. With mail
// it goes to the person and the token is empty; without, the helper passes it
// on. Whether he may is MayHelp's to say, now and again when the link is used.
func (r *Recovery) Help(ctx context.Context, helper, who UserID) (token vault.Secret, err error) {
	if err := r.MayHelp(ctx, helper, who); err != nil {
		return "", err
	}
	user, err := r.Sessions.Users.Get(ctx, who)
	if err != nil {
		return "", err
	}
	link := Link{Purpose: LinkRecover, User: user.ID, Email: user.Email, By: helper}
	err = r.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
		if r.Post.On() {
			err = r.mail(ctx, tx, link, letterHelped, notify.Data{"Name": user.Name, "Helper": audit.ActorFrom(ctx).Name})
		} else {
			token, err = r.Links.Make(tx, link, RecoveryLife)
		}
		if err != nil {
			return err
		}
		return r.Sessions.record(ctx, tx, user, "recovery.help", audit.Detail{"mailed": r.Post.On()})
	})
	if err != nil {
		return "", fmt.Errorf("help somebody back in: %w", err)
	}
	return token, nil
}

// FromConsole makes a link for whoever holds the machine to pass on. Nobody's
// rights are asked: the console is above them.
func (r *Recovery) FromConsole(ctx context.Context, email Email) (token vault.Secret, err error) {
	user, err := r.Sessions.Users.ByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	err = r.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if token, err = r.Links.Make(tx, Link{Purpose: LinkRecover, User: user.ID, Email: user.Email, By: console}, RecoveryLife); err != nil {
			return err
		}
		return r.Sessions.record(ctx, tx, user, "recovery.help", audit.Detail{"mailed": false})
	})
	if err != nil {
		return "", fmt.Errorf("help somebody back in: %w", err)
	}
	return token, nil
}

// console stands for whoever holds the machine where a helper is named.
const console UserID = "console"
