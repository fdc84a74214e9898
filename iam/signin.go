package iam

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// What a sign-in can meet. One wording, whether the address or the password is wrong.
var (
	ErrWrong   = fault.New(fault.Unauthenticated, "sign-in-wrong", "Address or password is not right.")
	ErrResting = fault.New(fault.TooMany, "sign-in-resting", "Too many wrong tries. Have a rest, and try again in a few minutes.")
)

// NeedsCode says that the password was right and that a code has to follow:
// GiveCode takes the ticket.
type NeedsCode struct{ Ticket string }

func (*NeedsCode) Error() string { return "the password was right; a code has to follow" }

// SignIn opens a session for who knows the password. An unknown address costs
// the same hash as a known one. It fails with *WrongPassword or ErrResting, and
// with *NeedsCode for somebody who has an authenticator app.
func (s *Sessions) SignIn(ctx context.Context, address string, password vault.Secret, v Visit) (vault.Secret, Session, error) {
	email, _ := ParseEmail(address) // what is no address is nobody's
	g, err := s.guess(ctx, "sign-in", email, v.Source)
	if err != nil {
		return "", Session{}, err
	}
	user, err := s.checked(ctx, email, password)
	if errors.Is(err, ErrWrong) {
		return "", Session{}, s.wrong(ctx, g, email, v.Source, "wrong password")
	}
	if err != nil {
		return "", Session{}, err
	}
	s.right(g)
	switch on, err := s.hasTOTP(ctx, user.ID); {
	case err != nil:
		return "", Session{}, err
	case on:
		text, err := s.issue(toGiveCode, user.ID, nil, v.Browser)
		if err != nil {
			return "", Session{}, err
		}
		return "", Session{}, &NeedsCode{text}
	}
	return s.Open(ctx, user, ByPassword, v.Source, v.Agent)
}

// GiveCode is the second half of SignIn: a code of the app, or a recovery code.
// It fails with ErrTicket, *WrongPassword or ErrResting.
func (s *Sessions) GiveCode(ctx context.Context, ticket, code string, v Visit) (vault.Secret, Session, error) {
	var nothing any
	t, err := s.redeem(ticket, toGiveCode, v.Browser, &nothing)
	if err != nil {
		return "", Session{}, err
	}
	row, err := take(s.DB.WithContext(ctx).Where("id = ? AND state = ?", string(t.User), userActive))
	if errors.Is(err, ErrUserUnknown) {
		return "", Session{}, ErrTicket
	}
	if err != nil {
		return "", Session{}, err
	}
	by, err := s.tryCode(ctx, row.user(), code, v.Source)
	if err != nil {
		return "", Session{}, err
	}
	if err := s.spend(ctx, ticket, t); err != nil {
		return "", Session{}, err
	}
	return s.Open(ctx, row.user(), by, v.Source, v.Agent)
}

// checked finds whose address and password these are, or fails with ErrWrong.
func (s *Sessions) checked(ctx context.Context, email Email, password vault.Secret) (User, error) {
	row, err := take(s.DB.WithContext(ctx).Where("email = ? AND state = ?", string(email), userActive))
	if err != nil && !errors.Is(err, ErrUserUnknown) {
		return User{}, err
	}
	if len(password) > 4*passwordMost {
		return User{}, ErrWrong
	}
	fits, stale, err := s.Passwords.Check(ctx, row.PasswordHash, password)
	if err != nil {
		return User{}, fmt.Errorf("check a password: %w", err)
	}
	if !fits {
		return User{}, ErrWrong
	}
	if stale {
		if hash, err := s.Passwords.Hash(ctx, password); err == nil {
			_ = s.Users.change(s.DB.WithContext(ctx), UserID(row.ID), map[string]any{"password_hash": hash}) // the old one still fits
		}
	}
	return row.user(), nil
}

// Open opens a session for a person who has just proved who he is, with a token
// that nobody has seen before.
func (s *Sessions) Open(ctx context.Context, user User, by Method, source, agent string) (vault.Secret, Session, error) {
	token, now := RandomToken(), s.Now()
	hash := s.hash(token)
	row := sessionRow{
		TokenHash: hash[:], UserID: string(user.ID), CreatedAt: Micros(now), SeenAt: Micros(now), VerifiedAt: Micros(now),
		ExpiresAt: Micros(now.Add(SessionLife)), Address: source, Agent: cut(agent, 200), ID: NewID(), Method: string(by),
	}
	session := row.session(user)
	ctx = audit.WithActor(ctx, session.Actor())
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND (expires_at <= ? OR seen_at <= ?)",
			string(user.ID), Micros(now), Micros(now.Add(-SessionIdle))).Error; err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.record(ctx, tx, user, "session.open", audit.Detail{"by": string(by)})
	})
	if err != nil {
		return "", Session{}, fmt.Errorf("open a session: %w", err)
	}
	return token, session, nil
}

func (r sessionRow) session(u User) Session {
	by := Method(r.Method)
	return Session{SessionID(r.ID), u.ID, u.Name, u.Email, u.Home, Time(r.CreatedAt), by, by.Assurance(), Time(r.VerifiedAt), Time(r.ExpiresAt), Time(r.SeenAt)}
}

func tenantOf(q *gorm.DB, org OrgID) (tenant string, err error) {
	if err := q.Raw("SELECT tenant_id FROM orgs WHERE id = ?", string(org)).Row().Scan(&tenant); err != nil {
		return "", fmt.Errorf("find the tenant of %s: %w", org, err)
	}
	return tenant, nil
}

// cut shortens s to n bytes at most, at the border of a character.
func cut(s string, n int) string {
	if !utf8.ValidString(s) {
		return ""
	}
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
