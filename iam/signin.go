package iam

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// So many wrong passwords for an account from one address, then a rest; and so
// many from one address for whatever accounts.
const (
	wrongMost        = 5
	wrongMostAddress = 50
	wrongRest        = 5 * time.Minute
)

// What a sign-in can meet. One wording, whether the address or the password is wrong.
var (
	ErrWrong   = fault.New(fault.Unauthenticated, "sign-in-wrong", "Address or password is not right.")
	ErrResting = fault.New(fault.TooMany, "sign-in-resting", "Too many wrong tries. Have a rest, and try again in a few minutes.")
)

// WrongPassword is ErrWrong that knows how many tries are left before a rest.
type WrongPassword struct{ Left int }

func (w *WrongPassword) Error() string { return fmt.Sprintf("%v (%d tries left)", ErrWrong, w.Left) }
func (w *WrongPassword) Unwrap() error { return ErrWrong }

// SignIn opens a session for who knows the password. address is the caller's
// network (an IPv6 /64), agent what the browser says it is. An unknown address
// costs the same hash as a known one. It fails with *WrongPassword or ErrResting.
func (s *Sessions) SignIn(ctx context.Context, address string, password vault.Secret, source, agent string) (vault.Secret, Session, error) {
	email, _ := ParseEmail(address) // what is no address is nobody's
	wrong, wrongHere := "sign-in|"+string(email)+"|"+source, "sign-in|"+source
	if err := s.counted(ctx, wrong, wrongMost); err != nil {
		return "", Session{}, err
	}
	if err := s.counted(ctx, wrongHere, wrongMostAddress); err != nil {
		return "", Session{}, err
	}
	user, err := s.checked(ctx, email, password)
	if errors.Is(err, ErrWrong) {
		return "", Session{}, s.turnAway(ctx, email, source, wrong)
	}
	if err != nil {
		return "", Session{}, err
	}
	s.Limits.Add(wrong, -s.Limits.Count(wrong), wrongRest)
	s.Limits.Add(wrongHere, -1, wrongRest)
	return s.Open(ctx, user, ByPassword, source, agent)
}

// counted counts a try before it is made, so that many at once are still few.
func (s *Sessions) counted(ctx context.Context, name string, most int) error {
	ok, retryAfter, err := s.Limits.AllowExactly(ctx, name, most, wrongRest)
	if err != nil {
		return err
	}
	if !ok {
		return ErrResting.Retry(retryAfter)
	}
	return nil
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
			_ = s.Users.SetPassword(s.DB.WithContext(ctx), UserID(row.ID), hash) // the old one still fits
		}
	}
	return row.user(), nil
}

func (s *Sessions) turnAway(ctx context.Context, email Email, source, counter string) error {
	left := max(0, wrongMost-s.Limits.Count(counter))
	if left == 0 {
		if err := s.Limits.Rest(ctx, counter, wrongRest); err != nil {
			return err
		}
	}
	if s.Trail != nil {
		var id, tenant string
		if u, err := s.Users.ByEmail(ctx, email); err == nil {
			id = string(u.ID)
			tenant, _ = tenantOf(s.DB.WithContext(ctx), u.Home)
		}
		s.Trail.Refuse(ctx, audit.Refusal{Tenant: tenant, Source: source, Cause: "wrong password", Verb: "session.open", ObjectType: "user", ObjectID: id})
	}
	return &WrongPassword{left}
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
		tenant, err := tenantOf(tx, user.Home)
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND (expires_at <= ? OR seen_at <= ?)",
			string(user.ID), Micros(now), Micros(now.Add(-SessionIdle))).Error; err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return audit.Record(ctx, tx, "session.open", audit.Object{Tenant: tenant, Org: string(user.Home), Type: "user", ID: string(user.ID)}, audit.Detail{"by": string(by)})
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
