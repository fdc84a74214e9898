package agents

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/migrations"
)

// Two generations of credentials live at most: the newest, and the one before
// it until the newest is known to have arrived. Each of these statements is a
// row of the contract's table (section 6) and holds only while the token that
// was brought still lives, so of two at once the second looks again.
//
// With the newest token the older generation dies and the newest becomes the
// older one. With the older token the newest dies, for it never arrived.
var (
	renewByNewest = migrations.SQL(`UPDATE agents SET old_generation = generation, old_rat_mac = rat_mac, old_secret = secret_sealed, old_public_key = public_key,
 old_expires_at = expires_at, generation = generation + 1, rat_mac = ?, secret_sealed = ?, public_key = ?, expires_at = ?, proved_at = NULL
WHERE id = ? AND rat_mac = ? AND onboarded_at IS NOT NULL`)
	renewByOlder = migrations.SQL(`UPDATE agents SET generation = generation + 1, rat_mac = ?, secret_sealed = ?, public_key = ?, expires_at = ?, proved_at = NULL
WHERE id = ? AND old_rat_mac = ? AND onboarded_at IS NOT NULL`)
)

// attempts is how often a renewal looks at its agent anew because another one
// was faster.
const attempts = 16

// Renew gives an agent new credentials for its registration access token. Those
// that it had stay good until the new ones are known to have arrived. A body
// that cannot be read changes nothing.
func (s *Service) Renew(ctx context.Context, id ID, rat string, body []byte, by Caller) (Credentials, error) {
	if err := s.admit("renew", string(id), by, s.bounds().Renewals); err != nil {
		return Credentials{}, err
	}
	mac := s.macOf(rat)
	for range attempts {
		c, err := s.renew(ctx, id, mac, body, by)
		if !errors.Is(err, errRaced) {
			return c, err
		}
		if err := s.settled(ctx); err != nil {
			return Credentials{}, err
		}
	}
	return Credentials{}, fmt.Errorf("renew %s: %w", id, errRaced)
}

// settled waits until the deeds that were faster are there to be read.
func (s *Service) settled(ctx context.Context) error {
	return s.DB.WithContext(ctx).Transaction(func(*gorm.DB) error { return nil })
}

func (s *Service) renew(ctx context.Context, id ID, mac, body []byte, by Caller) (Credentials, error) {
	r, err := read(ctx, s.DB.WithContext(ctx), id)
	if errors.Is(err, ErrUnknown) {
		return Credentials{}, s.refuse(ctx, "agent.renew", nil, id, "agent-unknown", by, ErrToken)
	}
	if err != nil {
		return Credentials{}, err
	}
	st, detail, cause := r.renewal(mac)
	if err := s.notStopped(ctx, r, &cause); err != nil {
		return Credentials{}, err
	}
	if cause != "" {
		return Credentials{}, s.refuse(ctx, "agent.renew", r, id, cause, by, ErrToken)
	}
	m, public, err := parseMetadata(r.Profile, body)
	if err != nil {
		return Credentials{}, err
	}
	if m.ClientID != string(id) {
		return Credentials{}, ErrMetadata.At("client_id", "is that of the address")
	}
	f, err := s.makeFresh(ctx, r, public)
	if err != nil {
		return Credentials{}, err
	}
	ctx = r.agent().As(ctx)
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := one(st.Exec(ctx, tx, f.ratMac, f.sealed, f.public, f.expires, string(id), mac)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.renew", r.object(), detail)
	})
	if err != nil {
		return Credentials{}, fmt.Errorf("renew %s: %w", id, err)
	}
	s.Devices.Changed(r.device())
	return f.Credentials, nil
}

// renewal tells what the token whose hash is mac does. An older token after the
// newest key was used may be a lost answer or a stolen token: it is taken, and
// the trail says so.
func (r *row) renewal(mac []byte) (st migrations.Statement, detail audit.Detail, cause string) {
	detail = audit.Detail{"agent": r.ID}
	switch {
	case r.OnboardedAt == nil:
		return st, nil, "not-onboarded"
	case same(mac, r.RATMac):
		return renewByNewest, detail, ""
	case same(mac, r.OldRATMac):
		if detail["answer"] = "lost"; r.ProvedAt != nil {
			detail["answer"] = "late"
		}
		return renewByOlder, detail, ""
	}
	return st, nil, "token-dead"
}
