package iam

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// AskToUse asks for any passkey of this site: its owner need not be known.
func (s *Sessions) AskToUse(v Visit) (Question, error) {
	party, err := v.Site.party()
	if err != nil {
		return Question{}, err
	}
	options, session, err := party.BeginDiscoverableLogin()
	if err != nil {
		return Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.question(toUsePasskey, "", options.Response, session, v)
}

// SignInWithPasskey opens a session for a passkey's owner. Wrong answers count
// for the network that they come from, never for an account: nobody can lock
// somebody's passkey by trying. It fails with ErrTicket, ErrPasskeyWrong or
// ErrResting.
func (s *Sessions) SignInWithPasskey(ctx context.Context, v Visit, r Reply) (vault.Secret, Session, error) {
	user, err := s.provenBy(ctx, v, r)
	if err != nil {
		return "", Session{}, err
	}
	return s.Open(ctx, user, ByPasskey, v.Source, v.Agent)
}

// provenBy tells whose passkey answered.
func (s *Sessions) provenBy(ctx context.Context, v Visit, r Reply) (User, error) {
	wrongHere := "passkey|" + v.Source
	if err := s.counted(ctx, wrongHere, wrongMostAddress); err != nil {
		return User{}, err
	}
	user, err := s.answered(ctx, v, r)
	if errors.Is(err, ErrPasskeyWrong) && s.Trail != nil {
		s.Trail.Refuse(ctx, audit.Refusal{Source: v.Source, Cause: "wrong passkey", Verb: "session.open", ObjectType: "user"})
	}
	if err != nil {
		return User{}, err
	}
	s.Limits.Add(wrongHere, -1, wrongRest)
	return user, nil
}

func (s *Sessions) answered(ctx context.Context, v Visit, r Reply) (User, error) {
	party, err := v.Site.party()
	if err != nil {
		return User{}, err
	}
	var session webauthn.SessionData
	t, err := s.redeem(r.Ticket, toUsePasskey, v.Browser, &session)
	if err != nil {
		return User{}, err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(r.Answer))
	if err != nil {
		return User{}, ErrPasskeyWrong.Because(err)
	}
	var row passkeyRow
	var user userRow
	var trouble error // of ours, and not the passkey's
	_, c, err := party.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
		row, user, trouble = s.ownerOf(ctx, id)
		if trouble != nil {
			return nil, trouble
		}
		return holder{id: UserID(row.UserID), passkeys: []passkeyRow{row}}, nil
	}, session, answer)
	if trouble != nil && fault.Of(trouble).Kind != fault.Unauthenticated {
		return User{}, trouble
	}
	if err != nil {
		return User{}, ErrPasskeyWrong.Because(err)
	}
	if err := s.spend(ctx, r.Ticket, t); err != nil {
		return User{}, err
	}
	return user.user(), s.used(ctx, row, user.user(), c)
}

// ownerOf finds a passkey and its owner; one that nobody has, or somebody who
// may not come in, is ErrPasskeyWrong.
func (s *Sessions) ownerOf(ctx context.Context, credential []byte) (row passkeyRow, user userRow, err error) {
	err = s.DB.WithContext(ctx).Where("credential_id = ?", credential).Take(&row).Error
	if err == nil {
		err = s.DB.WithContext(ctx).Where("id = ? AND state = ?", row.UserID, userActive).Take(&user).Error
	}
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, user, ErrPasskeyWrong
	}
	if err != nil {
		return row, user, fmt.Errorf("find a passkey: %w", err)
	}
	return row, user, nil
}

// used notes the use. A counter that went back means that there may be a copy of
// the passkey: its owner reads so on his page and in the trail.
func (s *Sessions) used(ctx context.Context, row passkeyRow, owner User, c *webauthn.Credential) error {
	now := Micros(s.Now())
	change := map[string]any{"used_at": now, "sign_count": int64(c.Authenticator.SignCount), "flags": byte(c.Flags.ProtocolValue())}
	if c.Authenticator.CloneWarning {
		change["copied_at"] = now
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(owner.ID), Name: owner.Name})
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Model(&passkeyRow{}).Where("id = ?", row.ID).Updates(change).Error; err != nil || !c.Authenticator.CloneWarning {
			return err
		}
		return s.record(ctx, tx, owner, "passkey.copied", audit.Detail{"name": row.Name})
	})
	if err != nil {
		return fmt.Errorf("note a passkey's use: %w", err)
	}
	return nil
}

// record writes a line about a person's own way in.
func (s *Sessions) record(ctx context.Context, tx *gorm.DB, of User, verb string, d audit.Detail) error {
	tenant, err := tenantOf(tx, of.Home)
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, verb, audit.Object{Tenant: tenant, Org: string(of.Home), Type: "user", ID: string(of.ID)}, d)
}
