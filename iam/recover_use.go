package iam

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/notify"
	"halfkey/iam/vault"
)

// WayBack is what the bearer of a recovery link is shown.
type WayBack struct {
	User   User
	Second bool // a code is needed besides
}

// Show reads a link and uses nothing up. It fails with ErrLink.
func (r *Recovery) Show(ctx context.Context, token string) (WayBack, error) {
	_, way, err := r.open(ctx, token)
	return way, err
}

func (r *Recovery) open(ctx context.Context, token string) (Link, WayBack, error) {
	q := r.Sessions.DB.WithContext(ctx)
	link, err := r.Links.Find(q, LinkRecover, token)
	if err != nil {
		return Link{}, WayBack{}, err
	}
	row, err := take(q.Where("id = ? AND state = ?", string(link.User), userActive))
	if err != nil || row.Email != string(link.Email) { // disabled, or the address is another one's now
		return Link{}, WayBack{}, ErrLink.Because(err)
	}
	if link.By != "" && link.By != console && r.MayHelp(ctx, link.By, link.User) != nil {
		return Link{}, WayBack{}, ErrLink // he might when he made it
	}
	second, err := r.second(q, link)
	return link, WayBack{row.user(), second}, err
}

// second tells whether the link alone is too little: the person has set up more
// than a password, and nobody who answers for him has sent him.
func (r *Recovery) second(q *gorm.DB, link Link) (bool, error) {
	if link.By != "" {
		return false, nil
	}
	var n int64
	err := q.Raw(`SELECT (SELECT COUNT(*) FROM totp WHERE user_id = ?) + (SELECT COUNT(*) FROM recovery_codes WHERE user_id = ?)`,
		string(link.User), string(link.User)).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a second factor: %w", err)
	}
	return n > 0, nil
}

// Finish uses the link up: the person has a new password, every session of his
// ends, and he is told. What a helper opened also takes away passkeys and codes,
// since those are what was lost. The method is how he has proved who he is. It
// fails with ErrLink, ErrResting or a form whose fields are password and code.
func (r *Recovery) Finish(ctx context.Context, token string, password vault.Secret, code, source string) (User, Method, error) {
	_, way, err := r.open(ctx, token)
	if err != nil {
		return User{}, "", err
	}
	user, by := way.User, ByLink
	if err := r.Sessions.Passwords.Fit(password, true, user.Name, string(user.Email)); err != nil {
		return User{}, "", Wrong("password", err)
	}
	if way.Second {
		if by, err = r.Sessions.tryCode(ctx, user, code, source); errors.Is(err, ErrWrong) {
			return User{}, "", Wrong("code", ErrSecond)
		} else if err != nil {
			return User{}, "", err
		}
	}
	hash, err := r.Sessions.Passwords.Hash(ctx, password)
	if err != nil {
		return User{}, "", fmt.Errorf("recover: %w", err)
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(user.ID), Name: user.Name})
	err = r.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := r.Sessions.Revoke(tx, user.ID); err != nil { // first: it takes turns
			return err
		}
		link, err := r.Links.Use(tx, LinkRecover, token)
		if err != nil {
			return err
		}
		return r.anew(ctx, tx, link, user, hash)
	})
	if err != nil {
		return User{}, "", fmt.Errorf("recover: %w", err)
	}
	return user, by, nil
}

func (r *Recovery) anew(ctx context.Context, tx *gorm.DB, link Link, user User, hash string) error {
	if err := r.Sessions.Users.SetPassword(tx, user.ID, hash); err != nil {
		return err
	}
	by := "mail"
	if link.By != "" {
		by = "owner"
		if err := r.Sessions.Users.forgetFactors(tx, user.ID); err != nil {
			return err
		}
	}
	if link.Mailed {
		if err := r.Sessions.Users.Confirm(tx, user.ID, link.Email); err != nil {
			return err
		}
	}
	if err := r.Post.Tell(ctx, tx, []string{string(user.ID)}, letterRecovered, notify.Data{"Name": user.Name}); err != nil {
		return err
	}
	return r.Sessions.record(ctx, tx, user, "account.recover", audit.Detail{"by": by})
}

// forgetFactors takes away everything but the password.
func (u *Users) forgetFactors(tx *gorm.DB, id UserID) error {
	for _, table := range []string{"passkeys", "totp", "recovery_codes"} {
		if err := tx.Exec("DELETE FROM "+table+" WHERE user_id = ?", string(id)).Error; err != nil {
			return fmt.Errorf("forget %s: %w", table, err)
		}
	}
	return nil
}
