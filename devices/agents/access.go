package agents

import (
	"context"
	"errors"
	"strings"

	"halfkey/devices"
	"halfkey/iam/fault"
	"halfkey/iam/token"
)

// ErrAccess says that an access token opens nothing, or no longer.
var ErrAccess = fault.New(fault.Unauthenticated, "agent-access", "The access token is not valid.")

// Access is the agent that an access token speaks for. It ends with the token's
// time, and at once when the agent is suspended, offboarded or removed.
func (s *Service) Access(ctx context.Context, raw string) (Agent, error) {
	var c accessClaims
	k, err := s.Keys.Verify(ctx, raw, &c)
	if errors.Is(err, token.ErrForged) {
		return Agent{}, ErrAccess.Because(err)
	}
	if err != nil {
		return Agent{}, err
	}
	return s.holder(ctx, k, c)
}

// holder judges the claims of a token that is one of ours.
func (s *Service) holder(ctx context.Context, k *token.Key, c accessClaims) (Agent, error) {
	if c.Cat != category || !c.Aud.Has(assertionFor) || c.Exp <= s.Now().Unix() {
		return Agent{}, ErrAccess
	}
	r, err := read(ctx, s.DB.WithContext(ctx), c.Sub)
	if errors.Is(err, ErrUnknown) {
		return Agent{}, ErrAccess
	}
	if err != nil {
		return Agent{}, err
	}
	cause := ""
	if err := s.notStopped(ctx, r, &cause); err != nil {
		return Agent{}, err
	}
	if r.OnboardedAt == nil || r.State != devices.Active || r.Epoch != c.Epoch || cause != "" || k.Tenant != "" && k.Tenant != r.Tenant {
		return Agent{}, ErrAccess
	}
	revoked, err := s.Revoked(ctx, c.Jti)
	if err != nil {
		return Agent{}, err
	}
	if revoked {
		return Agent{}, ErrAccess
	}
	return r.agent(), nil
}

// IsAccess tells whether a token says of itself that it is an agent's access
// token. It is believed only as far as to choose who checks it.
func IsAccess(raw string) bool {
	if len(raw) > token.Longest {
		return false
	}
	parts := strings.Split(raw, ".")
	var c struct {
		Cat string `json:"cat"`
	}
	return len(parts) == 3 && readPart(parts[1], &c) == nil && c.Cat == category
}
