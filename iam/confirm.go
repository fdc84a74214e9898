package iam

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Confirm notes, in the caller's transaction, that a person reads the mail of
// an address: a link that was mailed there was opened. It counts while that is
// still his address.
func (u *Users) Confirm(tx *gorm.DB, id UserID, address Email) error {
	err := tx.Exec("UPDATE users SET email_confirmed_at = ? WHERE id = ? AND email = ? AND email_confirmed_at IS NULL",
		Micros(u.Now()), string(id), string(address)).Error
	if err != nil {
		return fmt.Errorf("confirm an address: %w", err)
	}
	return nil
}

// Confirmed is when a person's address was confirmed; zero: it never was.
func (u *Users) Confirmed(ctx context.Context, id UserID) (time.Time, error) {
	var at *int64
	if err := u.DB.WithContext(ctx).Raw("SELECT email_confirmed_at FROM users WHERE id = ?", string(id)).Row().Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("read whether an address is confirmed: %w", err)
	}
	return TimeOrZero(at), nil
}
