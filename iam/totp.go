package iam

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"gorm.io/gorm"

	"halfkey/iam/vault"
)

// Codes as every authenticator app makes them (RFC 6238): six digits, SHA-1,
// half a minute each; the one before and the one after are taken too.
const (
	totpPeriod = 30 * time.Second
	totpDigits = otp.DigitsSix
	totpSkew   = 1
	totpSecret = 20 // bytes
)

type totpRow struct {
	UserID       string `gorm:"column:user_id;primaryKey"`
	TenantID     string `gorm:"column:tenant_id"`
	SecretSealed []byte `gorm:"column:secret_sealed"`
	LastStep     int64  `gorm:"column:last_step"`
	CreatedAt    int64  `gorm:"column:created_at;autoCreateTime:false"`
}

func (totpRow) TableName() string { return "totp" }

func totpCell(tenant string, user UserID) vault.Cell {
	return vault.Cell{Tenant: tenant, Column: "totp.secret_sealed", Row: string(user)}
}

var base32Bare = base32.StdEncoding.WithPadding(base32.NoPadding)

func newTOTPSecret() vault.Secret {
	b := make([]byte, totpSecret)
	rand.Read(b)
	return vault.Secret(base32Bare.EncodeToString(b))
}

// totpLink is what an app reads from the picture.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
func totpLink(secret vault.Secret, email Email) vault.Secret {
	q := url.Values{"secret": {secret.Reveal()}, "issuer": {"Halfkey"}}
	return vault.Secret("otpauth://totp/" + url.PathEscape("Halfkey:"+string(email)) + "?" + q.Encode())
}

// stepOf finds the half minute for which a code is right, or false.
func stepOf(secret vault.Secret, code string, now time.Time) (step int64, ok bool) {
	if len(code) != totpDigits.Length() {
		return 0, false
	}
	here := now.Unix() / int64(totpPeriod.Seconds())
	for s := here - totpSkew; s <= here+totpSkew; s++ {
		want, err := hotp.GenerateCodeCustom(secret.Reveal(), uint64(s), hotp.ValidateOpts{Digits: totpDigits, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// parseCode takes what was typed as a code: six digits of an app, or a recovery
// code with or without its dash, in whatever case, O for 0 and I or L for 1.
func parseCode(s string) (code string, app bool) {
	if len(s) > 64 {
		return "", false
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '\t':
			return -1
		case r == 'o' || r == 'O':
			return '0'
		case strings.ContainsRune("iIlL", r):
			return '1'
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, s)
	switch {
	case len(s) == totpDigits.Length() && strings.Trim(s, "0123456789") == "":
		return s, true
	case len(s) == recoveryLength && strings.Trim(s, KeyAlphabet) == "":
		return s, false
	}
	return "", false
}

func (s *Sessions) hasTOTP(ctx context.Context, user UserID) (bool, error) {
	var n int64
	if err := s.DB.WithContext(ctx).Raw("SELECT COUNT(*) FROM totp WHERE user_id = ?", string(user)).Row().Scan(&n); err != nil {
		return false, fmt.Errorf("look for a second factor: %w", err)
	}
	return n > 0, nil
}

// tryCode takes a code of the app, each half minute's once, or a recovery code.
// It counts and fails like SignIn.
func (s *Sessions) tryCode(ctx context.Context, user User, typed, source string) (Method, error) {
	g, err := s.guess(ctx, "code", user.Email, source)
	if err != nil {
		return "", err
	}
	code, app := parseCode(typed)
	by, fits := ByCode, false
	switch {
	case app:
		fits, err = s.takeAppCode(ctx, user.ID, code)
	case code != "":
		by = ByRecoveryCode
		fits, err = s.SpendRecoveryCode(ctx, s.DB.WithContext(ctx), user, code)
	}
	if err != nil {
		return "", err
	}
	if !fits {
		return "", s.wrong(ctx, g, user.Email, source, "wrong code")
	}
	s.right(g)
	return by, nil
}

func (s *Sessions) takeAppCode(ctx context.Context, user UserID, code string) (bool, error) {
	q := s.DB.WithContext(ctx)
	var row totpRow
	err := q.Where("user_id = ?", string(user)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read a second factor: %w", err)
	}
	secret, err := s.Vault.Open(q, totpCell(row.TenantID, user), row.SecretSealed)
	if err != nil {
		return false, fmt.Errorf("open a second factor: %w", err)
	}
	step, ok := stepOf(vault.Secret(secret), code, s.Now())
	if !ok {
		return false, nil
	}
	// A code that somebody saw being typed is worth nothing afterwards, on any replica.
	res := q.Exec("UPDATE totp SET last_step = ? WHERE user_id = ? AND last_step < ?", step, string(user), step)
	if res.Error != nil {
		return false, fmt.Errorf("take a code: %w", res.Error)
	}
	return res.RowsAffected == 1, nil
}
