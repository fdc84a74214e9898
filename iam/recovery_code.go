package iam

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/vault"
)

// Recovery codes stand in for a lost app, each once: 50 random bits, kept as a
// keyed hash.
const (
	recoveryCodes  = 10
	recoveryLength = 10 // characters of KeyAlphabet; shown as two halves with a dash
)

func (s *Sessions) recoveryHash(user UserID, code string) []byte {
	return s.Vault.MAC("recovery-code", []byte(user), []byte(code))
}

// SpendRecoveryCode uses up a person's recovery code as typed; false where it is
// none, or was used. Tx may be the transaction of what it opens. Who calls it
// counts the tries.
func (s *Sessions) SpendRecoveryCode(ctx context.Context, tx *gorm.DB, user User, typed string) (bool, error) {
	code, app := parseCode(typed)
	if code == "" || app {
		return false, nil
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(user.ID), Name: user.Name})
	spent := false
	err := tx.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec("UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at IS NULL",
			Micros(s.Now()), string(user.ID), s.recoveryHash(user.ID, code))
		if spent = res.RowsAffected == 1; res.Error != nil || !spent {
			return res.Error
		}
		return s.record(ctx, tx, user, "recovery-code.use", nil)
	})
	if err != nil {
		return false, fmt.Errorf("use a recovery code: %w", err)
	}
	return spent, nil
}

// renewCodes replaces a person's recovery codes in the caller's transaction;
// the new ones are seen this once.
func (s *Sessions) renewCodes(tx *gorm.DB, user UserID) ([]vault.Secret, error) {
	if err := tx.Exec("DELETE FROM recovery_codes WHERE user_id = ?", string(user)).Error; err != nil {
		return nil, fmt.Errorf("end recovery codes: %w", err)
	}
	codes := make([]vault.Secret, recoveryCodes)
	for i := range codes {
		code := RandomCode(recoveryLength)
		if err := tx.Exec("INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES (?, ?, ?)",
			string(user), s.recoveryHash(user, code), Micros(s.Now())).Error; err != nil {
			return nil, fmt.Errorf("make recovery codes: %w", err)
		}
		codes[i] = vault.Secret(code[:recoveryLength/2] + "-" + code[recoveryLength/2:])
	}
	return codes, nil
}
