package iam

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// ErrCodeWrong is what a form hears about a code.
var ErrCodeWrong = fault.New(fault.Unprocessable, "code-wrong", "This code is not right, or has been used. Take the newest one.")

// NewApp is an authenticator app that is about to be asked for: what it reads,
// and the ticket that turns it on.
type NewApp struct {
	Ticket string
	Secret vault.Secret // for typing
	Link   vault.Secret // for the picture
}

// AskForApp draws a secret for an app. Nothing is kept yet: the ticket holds it,
// for the browser that shows it anyway. It fails with ErrNoPassword.
func (c Credentials) AskForApp(ctx context.Context, me Session, v Visit) (NewApp, error) {
	w, err := c.Of(ctx, me.User)
	if err != nil {
		return NewApp{}, err
	}
	if !w.Password {
		return NewApp{}, ErrNoPassword
	}
	secret := newTOTPSecret()
	text, err := c.Sessions.issue(toTurnTOTPOn, me.User, secret.Reveal(), v.Browser)
	return NewApp{text, secret, totpLink(secret, me.Email)}, err
}

// SameApp reads a ticket again, for a form that came back.
func (c Credentials) SameApp(me Session, ticket string, v Visit) (NewApp, error) {
	var secret string
	t, err := c.Sessions.redeem(ticket, toTurnTOTPOn, v.Browser, &secret)
	if err != nil || t.User != me.User {
		return NewApp{}, ErrTicket
	}
	return NewApp{ticket, vault.Secret(secret), totpLink(vault.Secret(secret), me.Email)}, nil
}

// TurnAppOn asks for the app's codes from now on, after one of them was right,
// and gives ten recovery codes, to be seen this once. It fails with ErrTicket,
// ErrCodeWrong or ErrNoPassword.
func (c Credentials) TurnAppOn(ctx context.Context, me Session, ticket, typed string, v Visit) (codes []vault.Secret, err error) {
	s := c.Sessions
	app, err := c.SameApp(me, ticket, v)
	if err != nil {
		return nil, err
	}
	code, _ := parseCode(typed)
	step, ok := stepOf(app.Secret, code, s.Now())
	if !ok {
		return nil, ErrCodeWrong
	}
	err = s.deed(ctx, me, "app.on", nil, func(tx *gorm.DB) error {
		_, passwords, err := waysIn(tx, me.User)
		if err != nil {
			return err
		}
		if passwords == 0 {
			return ErrNoPassword
		}
		tenant, err := tenantOf(tx, me.Home)
		if err != nil {
			return err
		}
		sealed, err := s.Vault.Seal(tx, totpCell(tenant, me.User), []byte(app.Secret.Reveal()))
		if err != nil {
			return err
		}
		err = tx.Create(&totpRow{string(me.User), tenant, sealed, step, Micros(s.Now())}).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return ErrTicket // it is on already
		}
		if err != nil {
			return fmt.Errorf("keep a second factor: %w", err)
		}
		codes, err = s.renewCodes(tx, me.User)
		return err
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// TurnAppOff asks for the password alone again. It fails with ErrPasswordLeans
// where the password is too short for that.
func (c Credentials) TurnAppOff(ctx context.Context, me Session) error {
	return c.Sessions.deed(ctx, me, "app.off", nil, func(tx *gorm.DB) error {
		var short int
		if err := tx.Raw("SELECT password_short FROM users WHERE id = ?", string(me.User)).Row().Scan(&short); err != nil {
			return err
		}
		if short != 0 {
			return ErrPasswordLeans
		}
		if err := tx.Exec("DELETE FROM totp WHERE user_id = ?", string(me.User)).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM recovery_codes WHERE user_id = ?", string(me.User)).Error
	})
}

// RenewCodes gives ten new recovery codes, to be seen this once; the old ones end.
func (c Credentials) RenewCodes(ctx context.Context, me Session) (codes []vault.Secret, err error) {
	err = c.Sessions.deed(ctx, me, "recovery-codes.renew", nil, func(tx *gorm.DB) error {
		codes, err = c.Sessions.renewCodes(tx, me.User)
		return err
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}
