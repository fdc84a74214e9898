package iam

import (
	"context"
	"errors"
	"fmt"

	"halfkey/iam/vault"
)

// Proof is what somebody who is signed in shows before something dangerous: a
// passkey of his, or his password, with a code where he has an app.
type Proof struct {
	Passkey  Reply // where its ticket is not empty, the rest does not count
	Password vault.Secret
	Code     string
}

// Verify takes the proof that it is still the person whose session this is. It
// counts and fails like SignIn; then the session's VerifiedAt is now, and its
// method the better of the two.
func (s *Sessions) Verify(ctx context.Context, token vault.Secret, p Proof, v Visit) (Session, error) {
	session, err := s.Find(ctx, token)
	if err != nil {
		return Session{}, err
	}
	by, err := s.proved(ctx, session, p, v)
	if err != nil {
		return Session{}, err
	}
	if by.Assurance() < session.Assurance {
		by = session.Method
	}
	hash := s.hash(token)
	err = s.DB.WithContext(ctx).Exec("UPDATE sessions SET verified_at = ?, method = ? WHERE token_hash = ?", Micros(s.Now()), string(by), hash[:]).Error
	s.known.Forget(hash)
	if err != nil {
		return Session{}, fmt.Errorf("verify a session: %w", err)
	}
	session.Method, session.Assurance, session.VerifiedAt = by, by.Assurance(), s.Now()
	return session, nil
}

func (s *Sessions) proved(ctx context.Context, session Session, p Proof, v Visit) (Method, error) {
	if p.Passkey.Ticket != "" {
		owner, err := s.provenBy(ctx, v, p.Passkey)
		if err == nil && owner.ID != session.User {
			err = ErrPasskeyWrong // somebody else's
		}
		return ByPasskey, err
	}
	g, err := s.guess(ctx, "sign-in", session.Email, v.Source)
	if err != nil {
		return "", err
	}
	user, err := s.checked(ctx, session.Email, p.Password)
	if errors.Is(err, ErrWrong) {
		return "", s.wrong(ctx, g, session.Email, v.Source, "wrong password")
	}
	if err != nil {
		return "", err
	}
	s.right(g)
	on, err := s.hasTOTP(ctx, user.ID)
	if err != nil || !on {
		return ByPassword, err
	}
	return s.tryCode(ctx, user, p.Code, v.Source)
}
