package iam

import (
	"fmt"

	"gorm.io/gorm"
)

// A person who is switched off, or gone for good, is let in nowhere.
const (
	userDisabled = "disabled"
	userRemoved  = "removed"
)

// Disable switches a person off in the caller's transaction, and ends every
// session. His tokens open nothing until Enable. It is false when nothing changed.
func (s *Sessions) Disable(tx *gorm.DB, user UserID, by string) (bool, error) {
	changed, err := s.Users.setState(tx, user, userActive, userDisabled, map[string]any{"disabled_at": Micros(s.Now()), "disabled_by": by})
	if err != nil || !changed {
		return changed, err
	}
	return true, s.Revoke(tx, user)
}

// Enable lets him in again: with a new sign-in, since his sessions have ended.
func (s *Sessions) Enable(tx *gorm.DB, user UserID) (bool, error) {
	if err := s.Versions.Bump(tx); err != nil {
		return false, err
	}
	return s.Users.setState(tx, user, userDisabled, userActive, map[string]any{"disabled_at": nil, "disabled_by": nil})
}

// Remove takes a person out for good, in the caller's transaction: he keeps
// nothing by which he could come in. His name stays, for the trail's sake.
func (s *Sessions) Remove(tx *gorm.DB, user UserID, by string) error {
	if err := s.Revoke(tx, user); err != nil {
		return err
	}
	now := Micros(s.Now())
	res := tx.Model(&userRow{}).Where("id = ?", string(user)).Updates(map[string]any{"state": userRemoved, "password_hash": "",
		"external_id": nil, "user_name": nil, "disabled_at": now, "disabled_by": by, "changed_at": now, "version": gorm.Expr("version + 1")})
	if res.Error != nil {
		return fmt.Errorf("remove user %s: %w", user, res.Error)
	}
	for _, table := range []string{"passkeys", "totp", "recovery_codes"} {
		if err := tx.Exec("DELETE FROM "+table+" WHERE user_id = ?", string(user)).Error; err != nil {
			return fmt.Errorf("remove user %s: %w", user, err)
		}
	}
	return nil
}

func (u *Users) setState(tx *gorm.DB, user UserID, from, to string, more map[string]any) (bool, error) {
	more["state"], more["version"], more["changed_at"] = to, gorm.Expr("version + 1"), Micros(u.Now())
	res := tx.Model(&userRow{}).Where("id = ? AND state = ?", string(user), from).Updates(more)
	if res.Error != nil {
		return false, fmt.Errorf("switch user %s to %s: %w", user, to, res.Error)
	}
	return res.RowsAffected > 0, nil
}
