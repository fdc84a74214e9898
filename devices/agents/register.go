package agents

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// ErrToken answers whoever comes to the registration endpoint with a token that
// does not open it, whatever the cause.
var ErrToken = fault.New(fault.Unauthenticated, "agent-token", "This token does not open that.")

// Life is how long credentials work. The Node client renews them a day before
// they end, and at every call if they live a day only.
const Life = 7 * 24 * time.Hour

// A Caller is who stands at an agent's door, as far as the line tells.
type Caller struct {
	Address netip.Addr
	Source  string    // what limits count by
	Tenant  iam.OrgID // whose own address was asked; "" for the address of all
}

// Credentials are what an agent gets when it registers or renews.
type Credentials struct {
	Client  ID
	Profile Profile
	Secret  vault.Secret // of SharedSecret; used as it stands, not decoded
	Expires time.Time
	RAT     vault.Secret // opens URI, once the answer has arrived
	URI     string       // absolute
}

// fresh is a generation of credentials in the making.
type fresh struct {
	Credentials
	ratMac  []byte
	sealed  []byte // of SharedSecret
	public  []byte // of RSA3072
	expires int64
}

// makeFresh draws what the agent will hold; nothing is kept yet.
func (s *Service) makeFresh(ctx context.Context, r *row, public []byte) (f fresh, err error) {
	now := s.Now()
	f.Client, f.Profile, f.Expires, f.public = r.ID, r.Profile, now.Add(Life).Truncate(time.Second), public
	f.expires = iam.Micros(f.Expires)
	base, err := s.baseURL(ctx, r.Tenant)
	if err != nil {
		return f, err
	}
	f.URI = base + "/api/agentmanagement/v3/register/" + string(r.ID)
	raw, err := s.sign(claims{Iss: issuer, Sub: r.ID, Aud: audience, Iat: now.Unix(), Nbf: now.Unix(),
		Jti: newUUID(), Scope: "RAT", Schemas: []string{schema}, Ten: r.Ten, Registers: r.Profile})
	if err != nil {
		return f, err
	}
	f.RAT, f.ratMac = vault.Secret(raw), s.macOf(raw)
	if r.Profile == SharedSecret {
		var b [32]byte
		rand.Read(b[:])
		f.Secret = vault.Secret(base64.StdEncoding.EncodeToString(b[:]))
		f.sealed, err = s.Vault.Seal(s.DB.WithContext(ctx), secretCell(r), []byte(f.Secret.Reveal()))
	}
	return f, err
}

func secretCell(r *row) vault.Cell {
	return vault.Cell{Tenant: string(r.Tenant), Column: "agents.secret", Row: string(r.ID)}
}

var (
	register = migrations.SQL(`UPDATE agents SET onboarded_at = ?, iat_sealed = NULL, iat_mac = NULL, iat_expires_at = NULL, generation = generation + 1,
 rat_mac = ?, secret_sealed = ?, public_key = ?, expires_at = ?, proved_at = NULL,
 old_generation = 0, old_rat_mac = NULL, old_secret = NULL, old_public_key = NULL, old_expires_at = NULL
WHERE id = ? AND iat_mac = ? AND onboarded_at IS NULL`)
	comeAboard = migrations.SQL(`UPDATE devices SET state = 'active', address = ?, called_at = ?, boarded_at = ?, sealed_at = ?, boardings = boardings + 1
WHERE id = ? AND state = 'announced'`)
)

// Register lets an agent aboard that brings its initial token, once. A body that
// cannot be read leaves the token as it is.
func (s *Service) Register(ctx context.Context, initial string, body []byte, by Caller) (Credentials, error) {
	id := subject(initial)
	if err := s.admit("register", string(id), by, s.bounds().Renewals); err != nil {
		return Credentials{}, err
	}
	r, cause, err := s.opens(ctx, id, initial)
	if err != nil {
		return Credentials{}, err
	}
	if cause != "" {
		return Credentials{}, s.refuse(ctx, "agent.register", r, id, cause, by, ErrToken)
	}
	_, public, err := parseMetadata(r.Profile, body)
	if err != nil {
		return Credentials{}, err
	}
	f, err := s.makeFresh(ctx, r, public)
	if err != nil {
		return Credentials{}, err
	}
	ctx = r.agent().As(ctx)
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		now := s.micros()
		if err := one(register.Exec(ctx, tx, now, f.ratMac, f.sealed, f.public, f.expires, string(r.ID), s.macOf(initial))); err != nil {
			return err
		}
		if err := one(comeAboard.Exec(ctx, tx, by.Address.String(), now, now, now, string(r.Device))); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.register", r.object(), audit.Detail{"agent": r.ID, "profile": r.Profile, "expires": f.Expires})
	})
	if errors.Is(err, errRaced) {
		return Credentials{}, s.refuse(ctx, "agent.register", r, id, "used-at-once", by, ErrToken)
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("register %s: %w", id, err)
	}
	s.Devices.Changed(r.device())
	return f.Credentials, nil
}

// opens judges an initial token. The cause is empty for one that opens.
func (s *Service) opens(ctx context.Context, id ID, initial string) (r *row, cause string, err error) {
	if id == "" {
		return nil, "token-unreadable", nil
	}
	r, err = read(ctx, s.DB.WithContext(ctx), id)
	switch {
	case errors.Is(err, ErrUnknown):
		return nil, "agent-unknown", nil
	case err != nil:
		return nil, "", err
	case r.OnboardedAt != nil:
		return r, "already-onboarded", nil
	case !s.is(initial, r.IATMac):
		return r, "token-wrong", nil
	case r.IATExpiresAt == nil || *r.IATExpiresAt <= s.micros():
		return r, "token-expired", nil
	case r.State != devices.Announced:
		return r, string(r.State), nil
	}
	return r, "", s.notStopped(ctx, r, &cause)
}

// notStopped puts a cause where the agent's place or one above it is closed.
func (s *Service) notStopped(ctx context.Context, r *row, cause *string) error {
	stopped, err := s.Decider.Stopped(ctx, r.Org)
	if stopped {
		*cause = "place-closed"
	}
	return err
}

// errRaced says that the facts changed between the look and the deed.
var errRaced = errors.New("another request was faster")

// one expects that a statement changed one row; none means that the facts changed.
func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errRaced)
	}
	return nil
}
