package agents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/token"
	"halfkey/migrations"
)

// ErrClient is RFC 6749's invalid_client, whatever the cause: that is in the trail.
var ErrClient = fault.New(fault.Malformed, "agent-client", "The client is not who it says, or may not.")

// A Grant is an access token, with what the answer says of it.
type Grant struct {
	Token   string
	JTI     string
	Expires time.Duration
}

// Scope is what every agent may do: see to itself.
var Scope = []string{"mdsp:core:DefaultAgent"}

// accessClaims are those of an access token. There is no nbf: the clients allow
// their clocks no second for it.
type accessClaims struct {
	Iss       string         `json:"iss"`
	Sub       ID             `json:"sub"`
	Aud       token.Audience `json:"aud"`
	Iat       int64          `json:"iat"`
	Exp       int64          `json:"exp"`
	Jti       string         `json:"jti"`
	Scope     []string       `json:"scope"`
	Schemas   []string       `json:"schemas"`
	Ten       string         `json:"ten"`
	TenCtx    string         `json:"ten_ctx"`
	Zid       string         `json:"zid"`
	Cat       string         `json:"cat"`
	GrantType string         `json:"grant_type"`
	Epoch     int64          `json:"epoch"` // of the agent; another one has ended this token
}

// category marks our agents' access tokens.
const category = "agent-token:v1"

var accessSchema = []string{"urn:siemens:mindsphere:iam:v1"}

// Token gives an agent an access token for a signed assertion. Whatever can be
// refused without looking at the signature is. Every refusal is ErrClient.
func (s *Service) Token(ctx context.Context, raw string, by Caller) (Grant, error) {
	a, cause := parseAssertion(raw, s.Now())
	if err := s.admit("token", string(a.agent), by, s.bounds().Tokens); err != nil {
		return Grant{}, err
	}
	if cause != "" {
		return Grant{}, s.refuse(ctx, "agent.token", nil, a.agent, cause, by, ErrClient)
	}
	r, err := read(ctx, s.DB.WithContext(ctx), a.agent)
	if errors.Is(err, ErrUnknown) {
		return Grant{}, s.refuse(ctx, "agent.token", nil, a.agent, "agent-unknown", by, ErrClient)
	}
	if err != nil {
		return Grant{}, err
	}
	terms, err := s.TermsOf(ctx, r.Tenant)
	if err != nil {
		return Grant{}, err
	}
	if cause, err = s.judge(ctx, r, a, terms); err != nil {
		return Grant{}, err
	}
	if cause != "" {
		return Grant{}, s.refuse(ctx, "agent.token", r, a.agent, cause, by, ErrClient)
	}
	return s.grant(ctx, r, terms, by.Tenant == r.Tenant)
}

// judge says why not; the cause is empty for an assertion that is right. Cheap
// questions come first, the signature after them, and last what leaves a trace.
func (s *Service) judge(ctx context.Context, r *row, a assertion, terms Terms) (cause string, err error) {
	now := s.micros()
	switch {
	case r.OnboardedAt == nil:
		return "not-onboarded", nil
	case r.State != devices.Active:
		return string(r.State), nil
	case a.tenant != r.Ten:
		return "ten-wrong", nil
	case !r.Profile.signs(a.alg):
		return "alg-wrong", nil
	case a.jti == "" && !terms.Replays:
		return "jti-wrong", nil
	}
	if err := s.notStopped(ctx, r, &cause); err != nil || cause != "" {
		return cause, err
	}
	newest, older := ends(r.ExpiresAt) > now, ends(r.OldExpiresAt) > now && len(r.OldSecret)+len(r.OldPublicKey) > 0
	if newest && r.Profile == RSA3072 && bytes.Equal(r.OldPublicKey, r.PublicKey) {
		older = false // the Node client keeps its key: what that did not sign, it did not sign
	}
	if !newest && !older {
		return "credentials-expired", nil
	}
	byNewest := false
	if newest {
		if byNewest, err = s.verify(ctx, r, a, r.SecretSealed, r.PublicKey); err != nil {
			return "", err
		}
	}
	if !byNewest {
		right := false
		if older {
			if right, err = s.verify(ctx, r, a, r.OldSecret, r.OldPublicKey); err != nil {
				return "", err
			}
		}
		if !right {
			return "signature-wrong", nil
		}
	}
	if !terms.Replays {
		if err := s.first(ctx, a); errors.Is(err, errRaced) {
			return "replayed", nil
		} else if err != nil {
			return "", err
		}
	}
	if byNewest && r.ProvedAt == nil {
		return "", s.prove(ctx, r)
	}
	return "", nil
}

func ends(at *int64) int64 {
	if at == nil {
		return 0
	}
	return *at
}

// signs pins the algorithm: what is a public key to us must never be a secret.
func (p Profile) signs(alg string) bool {
	if p == SharedSecret {
		return alg == "HS256"
	}
	return alg == "RS256" || alg == "RS384"
}

// verify looks at the signature with one generation's credentials.
func (s *Service) verify(ctx context.Context, r *row, a assertion, sealed, public []byte) (bool, error) {
	if r.Profile == SharedSecret {
		secret, err := s.Vault.Open(s.DB.WithContext(ctx), secretCell(r), sealed)
		if err != nil {
			return false, fmt.Errorf("secret of %s: %w", r.ID, err)
		}
		return jwt.SigningMethodHS256.Verify(a.signed, a.signature, secret) == nil, nil
	}
	key, err := x509.ParsePKCS1PublicKey(public)
	if err != nil {
		return false, fmt.Errorf("public key of %s: %w", r.ID, err)
	}
	method := jwt.SigningMethodRS256
	if a.alg == "RS384" {
		method = jwt.SigningMethodRS384
	}
	return method.Verify(a.signed, a.signature, key) == nil, nil
}

var takeAssertion = migrations.SQL(`INSERT INTO agent_assertions (mac, ends_at) VALUES (?, ?) ON CONFLICT DO NOTHING`)

// first notes an assertion on disk before anything is given for it, so that no
// replica takes it again; errRaced for one that came before.
func (s *Service) first(ctx context.Context, a assertion) error {
	h := sha256.Sum256([]byte(string(a.agent) + a.jti))
	ends := iam.Micros(a.expires.Add(leeway))
	if err := one(takeAssertion.Exec(ctx, s.DB.WithContext(ctx), h[:16], ends)); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return nil
}

var (
	// The secret travelled in one answer with its registration token, so both of the older ones are done with.
	proveSecret = migrations.SQL(`UPDATE agents SET proved_at = ?, old_generation = 0, old_rat_mac = NULL, old_secret = NULL, old_expires_at = NULL
WHERE id = ? AND generation = ? AND proved_at IS NULL`)
	// The agent made the key itself and may have missed the answer: the older registration token stays.
	proveKey = migrations.SQL(`UPDATE agents SET proved_at = ?, old_public_key = NULL, old_expires_at = NULL
WHERE id = ? AND generation = ? AND proved_at IS NULL`)
)

// prove notes that the newest credentials have arrived.
func (s *Service) prove(ctx context.Context, r *row) error {
	st := proveKey
	if r.Profile == SharedSecret {
		st = proveSecret
	}
	ctx = r.agent().As(ctx)
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := one(st.Exec(ctx, tx, s.micros(), string(r.ID), r.Generation)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.token", r.object(), audit.Detail{"agent": r.ID, "generation": r.Generation})
	})
	if errors.Is(err, errRaced) {
		return nil // another request proved it, or renewed meanwhile
	}
	if err == nil {
		s.Devices.Changed(r.device())
	}
	return err
}

// grant signs with the key that the agent will look for: that of the address at
// which it asks. Who was boarded before its tenant had a key of its own, asks at
// the address of all, and goes on with the platform's.
func (s *Service) grant(ctx context.Context, r *row, terms Terms, own bool) (Grant, error) {
	base, signer := strings.TrimSuffix(s.BaseURL(ctx), "/"), iam.OrgID("")
	if own {
		base += TenantPath + string(r.Tenant)
	}
	if own && terms.Alg != token.ES256 {
		signer = r.Tenant
	}
	now := s.Now()
	c := accessClaims{Iss: base + "/api/agentmanagement/", Sub: r.ID, Aud: token.Audience{assertionFor}, Iat: now.Unix(), Exp: now.Add(terms.Token).Unix(),
		Jti: newUUID(), Scope: Scope, Schemas: accessSchema, Ten: r.Ten, TenCtx: "main-tenant", Zid: "agentiam", Cat: category,
		GrantType: "client_credentials", Epoch: r.Epoch}
	raw, err := s.Keys.Sign(ctx, signer, c)
	return Grant{Token: raw, JTI: c.Jti, Expires: terms.Token}, err
}
