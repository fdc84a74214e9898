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
)

// addressLife is how long an address may be confirmed by the link that was mailed there.
const addressLife = 24 * time.Hour

// ErrSameAddress says that there is nothing to change.
var ErrSameAddress = fault.New(fault.Unprocessable, "address-same", "This is your address already.")

// Addresses keeps people's addresses true: one counts as confirmed only after a
// link that was mailed there was opened, and changes only by one.
type Addresses struct {
	Sessions *Sessions
	Links    *Links
	Post     *notify.Service
}

// The letters that this sends.
const (
	letterConfirm    = "confirm"
	letterNewAsked   = "address-asked" // is none yet: whether somebody has it is found out by the job
	letterNew        = "address"
	letterThere      = "account-there"
	letterOldAddress = "address-changed"
)

// AskConfirm mails a link to the person's own address. It fails with ErrNoMail
// and ErrResting.
func (a *Addresses) AskConfirm(ctx context.Context, me Session) error {
	if err := a.may(me); err != nil {
		return err
	}
	return a.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return a.mail(ctx, tx, Link{Purpose: LinkConfirm, User: me.User, Email: me.Email}, letterConfirm, me.Name)
	})
}

// AskChange mails a link to the new address. Whether somebody has it already is
// told there and not here. Field name: email.
func (a *Addresses) AskChange(ctx context.Context, me Session, address string) error {
	email, err := ParseEmail(address)
	if err != nil {
		return Wrong("email", err)
	}
	if email == me.Email {
		return Wrong("email", ErrSameAddress)
	}
	if err := a.may(me); err != nil {
		return err
	}
	return a.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return a.Post.Mail(ctx, tx, notify.Letter{Kind: letterNewAsked, To: string(email), Data: notify.Data{"User": string(me.User)}, Life: addressLife})
	})
}

func (a *Addresses) may(me Session) error {
	if !a.Post.On() {
		return ErrNoMail
	}
	if ok, wait := a.Sessions.Limits.Allow("address|"+string(me.User), recoverMostAddress, recoverPer); !ok {
		return ErrResting.Retry(wait)
	}
	return nil
}

func (a *Addresses) mail(ctx context.Context, tx *gorm.DB, link Link, letter, name string) error {
	link.Mailed = true
	token, err := a.Links.Make(tx, link, addressLife)
	if err != nil {
		return err
	}
	return a.Post.Mail(ctx, tx, notify.Letter{Kind: letter, To: string(link.Email), Life: addressLife,
		Data: notify.Data{"Name": name, "Email": string(link.Email), notify.Path: "/confirm/" + token.Reveal()}})
}

// Later are the letters that need another look before they are written.
func (a *Addresses) Later() map[string]func(context.Context, *gorm.DB, notify.Letter) error {
	return map[string]func(context.Context, *gorm.DB, notify.Letter) error{letterNewAsked: a.asked}
}

func (a *Addresses) asked(ctx context.Context, tx *gorm.DB, l notify.Letter) error {
	there, err := a.There(ctx, tx, Email(l.To))
	if err != nil || there {
		return err
	}
	row, err := take(tx.Where("id = ? AND state = ?", l.Data["User"], userActive))
	if errors.Is(err, ErrUserUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.mail(ctx, tx, Link{Purpose: LinkAddress, User: UserID(row.ID), Email: Email(l.To)}, letterNew, row.Name)
}

// There tells whether somebody has the address, and if so writes to him that he
// has: what whoever asked must not hear.
func (a *Addresses) There(ctx context.Context, tx *gorm.DB, email Email) (bool, error) {
	row, err := take(tx.Where("email = ?", string(email)))
	if errors.Is(err, ErrUserUnknown) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, a.Post.Mail(ctx, tx, notify.Letter{Kind: letterThere, To: row.Email, Data: notify.Data{"Name": row.Name, notify.Path: "/login"}})
}

// Show reads a link that confirms an address or changes one, and uses nothing
// up. It fails with ErrLink.
func (a *Addresses) Show(ctx context.Context, token string) (Link, error) {
	q := a.Sessions.DB.WithContext(ctx)
	link, err := a.Links.Find(q, LinkConfirm, token)
	if errors.Is(err, ErrLink) {
		link, err = a.Links.Find(q, LinkAddress, token)
	}
	return link, err
}

// Finish uses the link up. Of a change the old address is told. It fails with
// ErrLink, and with ErrEmailTaken when somebody was faster.
func (a *Addresses) Finish(ctx context.Context, token string) error {
	link, err := a.Show(ctx, token)
	if err != nil {
		return err
	}
	err = a.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := a.Sessions.Versions.Bump(tx); err != nil { // first: it takes turns
			return err
		}
		if link, err = a.Links.Use(tx, link.Purpose, token); err != nil {
			return err
		}
		row, err := take(tx.Where("id = ? AND state = ?", string(link.User), userActive))
		if err != nil {
			return ErrLink.Because(err)
		}
		ctx := audit.WithActor(ctx, audit.Actor{Type: "user", ID: row.ID, Name: row.Name})
		return a.settle(ctx, tx, link, row.user())
	})
	if err != nil {
		return fmt.Errorf("confirm an address: %w", err)
	}
	return nil
}

func (a *Addresses) settle(ctx context.Context, tx *gorm.DB, link Link, user User) error {
	if link.Purpose == LinkConfirm {
		if err := a.Sessions.Users.Confirm(tx, user.ID, link.Email); err != nil {
			return err
		}
		return a.Sessions.record(ctx, tx, user, "address.confirm", nil)
	}
	err := tx.Exec("UPDATE users SET email = ?, email_confirmed_at = ? WHERE id = ?", string(link.Email), Micros(a.Sessions.Now()), string(user.ID)).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrEmailTaken
	}
	if err != nil {
		return err
	}
	for _, p := range []Purpose{LinkRecover, LinkConfirm} { // they went to the old address
		if err := a.Links.End(tx, user.ID, p); err != nil {
			return err
		}
	}
	if a.Post.On() {
		err := a.Post.Mail(ctx, tx, notify.Letter{Kind: letterOldAddress, To: string(user.Email), Data: notify.Data{"Name": user.Name, "Email": string(link.Email)}})
		if err != nil {
			return err
		}
	}
	return a.Sessions.record(ctx, tx, user, "address.change", audit.Detail{"from": string(user.Email), "to": string(link.Email)})
}
