package iam

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Question is what a page's script asks an authenticator: the options as the
// browser takes them, and the ticket that comes back with the answer.
type Question struct {
	Ticket  string          `json:"ticket"`
	Options json.RawMessage `json:"options"`
}

// Reply is what came back: the ticket and the authenticator's answer as JSON.
type Reply struct{ Ticket, Answer string }

// What tickets are for.
const (
	toMakePasskey = "make-passkey"
	toUsePasskey  = "use-passkey"
	toGiveCode    = "give-code"
	toTurnTOTPOn  = "totp-on"
)

// AskToMake asks for a new passkey: of a person who is here, or of one who is
// about to come and gets his id by it (an empty id).
func (s *Sessions) AskToMake(ctx context.Context, v Visit, user UserID, email, name string) (Question, error) {
	party, err := v.Site.party()
	if err != nil {
		return Question{}, err
	}
	who := holder{id: user, email: cut(email, 254), name: cut(name, 254)}
	if user == "" {
		who.id = UserID(NewID())
	} else if who.passkeys, err = s.passkeysOf(ctx, user); err != nil {
		return Question{}, err
	}
	if who.email == "" {
		who.email = "Halfkey"
	}
	known := webauthn.Credentials(who.WebAuthnCredentials()).CredentialDescriptors()
	options, session, err := party.BeginRegistration(who, webauthn.WithExclusions(known))
	if err != nil {
		return Question{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return s.question(toMakePasskey, who.id, options.Response, session, v)
}

func (s *Sessions) question(what string, user UserID, options any, session *webauthn.SessionData, v Visit) (q Question, err error) {
	if q.Ticket, err = s.issue(what, user, session, v.Browser); err != nil {
		return q, err
	}
	q.Options, err = json.Marshal(options)
	return q, err
}

// Made verifies a new passkey: made for this site, in this browser, just now,
// by an authenticator that looked at its owner. It fails with ErrTicket or
// ErrPasskeyWrong. Nothing is kept yet.
func (s *Sessions) Made(ctx context.Context, v Visit, r Reply, name string) (NewPasskey, error) {
	party, err := v.Site.party()
	if err != nil {
		return NewPasskey{}, err
	}
	var session webauthn.SessionData
	t, err := s.redeem(r.Ticket, toMakePasskey, v.Browser, &session)
	if err != nil {
		return NewPasskey{}, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(r.Answer))
	if err != nil {
		return NewPasskey{}, ErrPasskeyWrong.Because(err)
	}
	c, err := party.CreateCredential(holder{id: t.User}, session, answer)
	if err != nil {
		return NewPasskey{}, ErrPasskeyWrong.Because(err)
	}
	if err := s.spend(ctx, r.Ticket, t); err != nil {
		return NewPasskey{}, err
	}
	if name, err = ParseName(cut(name, 60)); err != nil {
		name = "Passkey"
	}
	var transports []string
	for _, t := range c.Transport {
		if t := string(t); len(t) <= 20 && strings.Trim(t, "abcdefghijklmnopqrstuvwxyz-") == "" && len(transports) < 8 {
			transports = append(transports, t)
		}
	}
	return NewPasskey{User: t.User, CredentialID: c.ID, PublicKey: c.PublicKey, Flags: byte(c.Flags.ProtocolValue()), SignCount: c.Authenticator.SignCount,
		AAGUID: c.Authenticator.AAGUID, Transports: strings.Join(transports, " "), Name: name}, nil
}
