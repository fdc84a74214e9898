package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/vault"
)

// seenEvery is how exact the last use of a session is known.
const seenEvery = time.Hour

// Find tells whose session a token opens. It fails with ErrSignedOut. What it
// remembers is at most half a second old.
func (s *Sessions) Find(ctx context.Context, token vault.Secret) (Session, error) {
	if len(token) != tokenLength {
		return Session{}, ErrSignedOut
	}
	version, err := s.Versions.Current(ctx)
	if err != nil {
		return Session{}, err
	}
	hash := s.hash(token)
	session, ok := s.known.Get(hash, version)
	if !ok {
		if session, err = s.read(ctx, hash); err != nil {
			return Session{}, err
		}
		s.known.Put(hash, version, session)
	}
	now := s.Now()
	if !now.Before(session.ExpiresAt) || now.Sub(session.seenAt) >= SessionIdle {
		return Session{}, ErrSignedOut
	}
	if now.Sub(session.seenAt) >= seenEvery {
		s.see(ctx, hash, now)
	}
	return session, nil
}

const findSession = `SELECT s.user_id, s.created_at, s.seen_at, s.expires_at, s.verified_at, s.id, s.method, u.name, u.email, u.home_org_id
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ? AND u.state = ?`

func (s *Sessions) read(ctx context.Context, hash [32]byte) (Session, error) {
	var r sessionRow
	var u User
	err := s.DB.WithContext(ctx).Raw(findSession, hash[:], userActive).Row().
		Scan(&r.UserID, &r.CreatedAt, &r.SeenAt, &r.ExpiresAt, &r.VerifiedAt, &r.ID, &r.Method, &u.Name, &u.Email, &u.Home)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, ErrSignedOut
	}
	if err != nil {
		return Session{}, fmt.Errorf("find a session: %w", err)
	}
	u.ID = UserID(r.UserID)
	return r.session(u), nil
}

// see notes that the session is in use. Should it fail, the next use tries again.
func (s *Sessions) see(ctx context.Context, hash [32]byte, now time.Time) {
	_ = s.DB.WithContext(ctx).Exec("UPDATE sessions SET seen_at = ? WHERE token_hash = ?", Micros(now), hash[:]).Error
	s.known.Forget(hash)
}

// SignOut ends the session that a token opens. Ending it twice changes nothing.
func (s *Sessions) SignOut(ctx context.Context, token vault.Secret) error {
	session, err := s.Find(ctx, token)
	if errors.Is(err, ErrSignedOut) {
		return nil
	}
	if err != nil {
		return err
	}
	hash := s.hash(token)
	ctx = audit.WithActor(ctx, session.Actor())
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM sessions WHERE token_hash = ?", hash[:]).Error; err != nil {
			return err
		}
		tenant, err := tenantOf(tx, session.Home)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, "session.close", audit.Object{Tenant: tenant, Org: string(session.Home), Type: "user", ID: string(session.User)}, nil)
	})
	s.known.Forget(hash)
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// Revoke ends every session of a person in the caller's transaction.
func (s *Sessions) Revoke(tx *gorm.DB, user UserID) error {
	if err := s.Versions.Bump(tx); err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ?", string(user)).Error; err != nil {
		return fmt.Errorf("revoke sessions: %w", err)
	}
	return nil
}
