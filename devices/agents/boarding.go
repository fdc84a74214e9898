package agents

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/policies"
)

// initialLife is how long an initial token works.
const initialLife = 7 * 24 * time.Hour

// An initial is an initial access token, which lets an agent register once.
type initial struct {
	token   vault.Secret
	expires time.Time
}

// claims of the two tokens that an agent brings to the registration endpoint.
type claims struct {
	Iss       string   `json:"iss"`
	Sub       ID       `json:"sub"`
	Aud       string   `json:"aud"`
	Iat       int64    `json:"iat"`
	Nbf       int64    `json:"nbf"`
	Exp       int64    `json:"exp,omitempty"`
	Jti       string   `json:"jti"`
	Scope     string   `json:"scope"`
	Schemas   []string `json:"schemas"`
	Ten       string   `json:"ten"`
	Initial   Profile  `json:"client_credentials_profile,omitempty"`
	Registers Profile  `json:"client_credential_profile,omitempty"`
}

const (
	issuer   = "SCI"
	audience = "MCAS"
	schema   = "urn:siemens:mindsphere:v1" // the clients' word, which they look at nowhere
)

func (s *Service) newInitial(r *row) (i initial, err error) {
	now := s.Now()
	i.expires = now.Add(initialLife).Truncate(time.Second)
	raw, err := s.sign(claims{Iss: issuer, Sub: r.ID, Aud: audience, Iat: now.Unix(), Nbf: now.Unix(), Exp: i.expires.Unix(),
		Jti: newUUID(), Scope: "IAT", Schemas: []string{schema}, Ten: r.Ten, Initial: r.Profile})
	i.token = vault.Secret(raw)
	return i, err
}

// opaqueHeader is the encoded header of these tokens.
var opaqueHeader = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "."

// sign makes a token that nobody but us looks into, so that a keyed hash signs
// it. We know it again by a keyed hash of the whole: with another signature,
// algorithm or key it is another token.
func (s *Service) sign(c claims) (string, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	text := opaqueHeader + base64.RawURLEncoding.EncodeToString(body)
	sig, err := jwt.SigningMethodHS256.Sign(text, s.Vault.Pepper("agent-registration"))
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), err
}

func (s *Service) macOf(raw string) []byte { return s.Vault.MAC("agent-token", []byte(raw)) }

// is compares a token with the hash of the right one. No hash, no token.
func (s *Service) is(raw string, mac []byte) bool {
	return same(s.macOf(raw), mac)
}

var setInitial = migrations.SQL(`UPDATE agents SET iat_sealed = ?, iat_mac = ?, iat_expires_at = ?, fetched_at = NULL WHERE id = ?`)

// keepInitial makes i the agent's only initial token.
func (s *Service) keepInitial(ctx context.Context, tx *gorm.DB, r *row, i initial) error {
	sealed, err := s.Vault.Seal(tx, initialCell(r), []byte(i.token.Reveal()))
	if err != nil {
		return err
	}
	expires := iam.Micros(i.expires)
	r.IATSealed, r.IATMac, r.IATExpiresAt, r.FetchedAt = sealed, s.macOf(i.token.Reveal()), &expires, nil
	if _, err := setInitial.Exec(ctx, tx, r.IATSealed, r.IATMac, expires, string(r.ID)); err != nil {
		return fmt.Errorf("keep an initial token: %w", err)
	}
	return nil
}

func initialCell(r *row) vault.Cell {
	return vault.Cell{Tenant: string(r.Tenant), Column: "agents.iat_sealed", Row: string(r.ID)}
}

// A Config is the file that an agent is given before its first call.
type Config struct {
	BaseURL string
	Initial vault.Secret
	Profile Profile
	Client  ID
	Tenant  string
	Expires time.Time // of the initial token
}

// BoardingConfig is what the agent registers with. It stays the same until the
// initial token is used, replaced or over: the client takes any change for the
// wish that it register again. Handing it out is on the record. ErrOnboarded
// when there is nothing to hand out.
func (s *Service) BoardingConfig(ctx context.Context, id ID) (Config, error) {
	return s.boardingConfig(ctx, id, false)
}

// RenewBoarding is BoardingConfig with a new initial token, for who has lost the
// file: the old one is worth nothing any more.
func (s *Service) RenewBoarding(ctx context.Context, id ID) (Config, error) {
	return s.boardingConfig(ctx, id, true)
}

func (s *Service) boardingConfig(ctx context.Context, id ID, anew bool) (Config, error) {
	r, err := s.find(ctx, id, policies.ManageAgent)
	if err != nil {
		return Config{}, err
	}
	if r.OnboardedAt != nil {
		return Config{}, ErrOnboarded
	}
	if anew || r.IATExpiresAt == nil || *r.IATExpiresAt <= s.micros() {
		return s.replaceInitial(ctx, r)
	}
	raw, err := s.Vault.Open(s.DB.WithContext(ctx), initialCell(r), r.IATSealed)
	if err != nil {
		return Config{}, fmt.Errorf("initial token of %s: %w", id, err)
	}
	if r.FetchedAt == nil {
		if err := s.noteFetched(ctx, r); err != nil {
			return Config{}, err
		}
	}
	return s.config(ctx, r, initial{vault.Secret(raw), iam.Time(*r.IATExpiresAt)})
}

func (s *Service) replaceInitial(ctx context.Context, r *row) (Config, error) {
	i, err := s.newInitial(r)
	if err != nil {
		return Config{}, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		now, err := hold(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		if now.OnboardedAt != nil {
			return ErrOnboarded // it registered meanwhile
		}
		if err := s.keepInitial(ctx, tx, r, i); err != nil {
			return err
		}
		if _, err := setFetched.Exec(ctx, tx, s.micros(), string(r.ID)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.boarding", r.object(), audit.Detail{"agent": r.ID, "initial-token": "new"})
	})
	if err != nil {
		return Config{}, fmt.Errorf("boarding configuration of %s: %w", r.ID, err)
	}
	s.Devices.Changed(r.device())
	return s.config(ctx, r, i)
}

var setFetched = migrations.SQL(`UPDATE agents SET fetched_at = ? WHERE id = ?`)

func (s *Service) noteFetched(ctx context.Context, r *row) error {
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := setFetched.Exec(ctx, tx, s.micros(), string(r.ID)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.boarding", r.object(), audit.Detail{"agent": r.ID})
	})
	if err == nil {
		s.Devices.Changed(r.device())
	}
	return err
}

func (s *Service) config(ctx context.Context, r *row, i initial) (Config, error) {
	base, err := s.baseURL(ctx, r.Tenant)
	return Config{BaseURL: base, Initial: i.token, Profile: r.Profile, Client: r.ID, Tenant: r.Ten, Expires: i.expires}, err
}
