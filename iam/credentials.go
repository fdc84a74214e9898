package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// What a change of one's own ways in can meet.
var (
	ErrLastWay       = fault.New(fault.Conflict, "last-way-in", "This is your only way in. Add another one first.")
	ErrPasswordLeans = fault.New(fault.Conflict, "password-leans", "Your password is too short to be asked for alone. Choose one of at least 15 characters first.")
	ErrNoPassword    = fault.New(fault.Conflict, "no-password", "Codes of an app go with a password. Set one first; a passkey needs no code.")
)

// Credentials are the ways in of the person who acts. Who calls it has made sure
// that he proved who he is a short while ago.
type Credentials struct{ Sessions *Sessions }

// Ways is how a person may sign in.
type Ways struct {
	Passkeys []PasskeyInfo
	Password bool
	App      time.Time // since when an authenticator app is asked for too; zero: it is not
	Codes    int       // recovery codes that are left
}

// Count is how many ways in there are; the app is none of its own.
func (w Ways) Count() int {
	n := len(w.Passkeys)
	if w.Password {
		n++
	}
	return n
}

// Best is what the best of them is worth at a site.
func (w Ways) Best(at Site) Assurance {
	switch {
	case len(w.Passkeys) > 0 && at != Site{}:
		return Passkey
	case w.Password && !w.App.IsZero():
		return TwoFactors
	}
	return Password
}

// Of lists somebody's ways in.
func (c Credentials) Of(ctx context.Context, user UserID) (w Ways, err error) {
	s := c.Sessions
	rows, err := s.passkeysOf(ctx, user)
	if err != nil {
		return w, err
	}
	for _, r := range rows {
		w.Passkeys = append(w.Passkeys, r.info())
	}
	q := s.DB.WithContext(ctx)
	row, err := take(q.Where("id = ?", string(user)))
	if err != nil {
		return w, err
	}
	w.Password = row.PasswordHash != ""
	var app totpRow
	switch err := q.Where("user_id = ?", string(user)).Take(&app).Error; {
	case err == nil:
		w.App = Time(app.CreatedAt)
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return w, fmt.Errorf("read a second factor: %w", err)
	}
	if err := q.Raw("SELECT COUNT(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", string(user)).Row().Scan(&w.Codes); err != nil {
		return w, fmt.Errorf("count recovery codes: %w", err)
	}
	return w, nil
}

// waysIn counts them in a transaction that is about to take one away.
func waysIn(tx *gorm.DB, user UserID) (passkeys, passwords int, err error) {
	err = tx.Raw(`SELECT (SELECT COUNT(*) FROM passkeys WHERE user_id = u.id), CASE WHEN u.password_hash <> '' THEN 1 ELSE 0 END
FROM users u WHERE u.id = ?`, string(user)).Row().Scan(&passkeys, &passwords)
	if err != nil {
		return 0, 0, fmt.Errorf("count ways in: %w", err)
	}
	return passkeys, passwords, nil
}

// AddPasskey gives the person one more passkey, which was made for him. It fails
// with ErrPasskeyKnown.
func (c Credentials) AddPasskey(ctx context.Context, me Session, n NewPasskey) error {
	if n.User != me.User {
		return ErrPasskeyWrong
	}
	return c.Sessions.deed(ctx, me, "passkey.add", audit.Detail{"name": n.Name}, func(tx *gorm.DB) error {
		_, err := n.add(tx, me.User, c.Sessions.Now())
		return err
	})
}

// RenamePasskey calls a passkey otherwise. It fails with ErrName or ErrPasskeyUnknown.
func (c Credentials) RenamePasskey(ctx context.Context, me Session, id PasskeyID, name string) error {
	name, err := ParseName(name)
	if err != nil {
		return err
	}
	return c.Sessions.deed(ctx, me, "passkey.rename", audit.Detail{"name": name}, func(tx *gorm.DB) error {
		res := tx.Exec("UPDATE passkeys SET name = ? WHERE id = ? AND user_id = ?", name, string(id), string(me.User))
		if res.Error == nil && res.RowsAffected == 0 {
			return ErrPasskeyUnknown
		}
		return res.Error
	})
}

// RemovePasskey ends a passkey. It fails with ErrPasskeyUnknown or ErrLastWay.
func (c Credentials) RemovePasskey(ctx context.Context, me Session, id PasskeyID) error {
	var row passkeyRow
	err := c.Sessions.DB.WithContext(ctx).Where("id = ? AND user_id = ?", string(id), string(me.User)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrPasskeyUnknown
	}
	if err != nil {
		return fmt.Errorf("find a passkey: %w", err)
	}
	return c.Sessions.deed(ctx, me, "passkey.remove", audit.Detail{"name": row.Name}, func(tx *gorm.DB) error {
		passkeys, passwords, err := waysIn(tx, me.User)
		if err != nil {
			return err
		}
		if passkeys+passwords < 2 {
			return ErrLastWay
		}
		res := tx.Exec("DELETE FROM passkeys WHERE id = ? AND user_id = ?", row.ID, string(me.User))
		if res.Error == nil && res.RowsAffected == 0 {
			return ErrPasskeyUnknown
		}
		return res.Error
	})
}

// SetPassword gives the person a password, or another one, and ends his other
// sessions. It may be short where an app is asked for too. Names are words that
// it must not lean on. It fails with the errors of Passwords.Fit.
func (c Credentials) SetPassword(ctx context.Context, me Session, password vault.Secret, names ...string) error {
	app, err := c.Sessions.hasTOTP(ctx, me.User)
	if err != nil {
		return err
	}
	if err := c.Sessions.Passwords.Fit(password, !app, append(names, me.Name, string(me.Email))...); err != nil {
		return err
	}
	hash, err := c.Sessions.Passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	short := 0
	if !standsAlone(password) {
		short = 1
	}
	return c.Sessions.deed(ctx, me, "password.set", nil, func(tx *gorm.DB) error {
		if short == 1 { // the app may have gone meanwhile
			var n int
			if err := tx.Raw("SELECT COUNT(*) FROM totp WHERE user_id = ?", string(me.User)).Row().Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				return ErrPasswordShort
			}
		}
		if err := c.Sessions.Users.change(tx, me.User, map[string]any{"password_hash": hash, "password_short": short}); err != nil {
			return err
		}
		return tx.Exec("DELETE FROM sessions WHERE user_id = ? AND id <> ?", string(me.User), string(me.ID)).Error
	})
}

// RemovePassword lets the person in by passkey alone; the app goes with it. It
// fails with ErrLastWay.
func (c Credentials) RemovePassword(ctx context.Context, me Session) error {
	return c.Sessions.deed(ctx, me, "password.remove", nil, func(tx *gorm.DB) error {
		passkeys, _, err := waysIn(tx, me.User)
		if err != nil {
			return err
		}
		if passkeys == 0 {
			return ErrLastWay
		}
		if err := tx.Exec("DELETE FROM totp WHERE user_id = ?", string(me.User)).Error; err != nil {
			return err
		}
		return c.Sessions.Users.change(tx, me.User, map[string]any{"password_hash": "", "password_short": 0})
	})
}
