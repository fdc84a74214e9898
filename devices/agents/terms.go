package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/recall"
	"halfkey/iam/token"
	"halfkey/migrations"
	"halfkey/policies"
)

// Terms are how a tenant wants its agents to be treated.
type Terms struct {
	Size    string        // of the environment, which bounds the number of agents; "": no bound
	Alg     token.Alg     // of access tokens
	Token   time.Duration // how long an access token lives
	Replays bool          // an assertion may come twice
}

// DefaultTerms hold where a tenant has said nothing.
var DefaultTerms = Terms{Alg: token.ES256, Token: time.Hour}

// Sizes are the sizes of environments, with how many agents each has room for.
var Sizes = []struct {
	Name  string
	Rooms int
}{{"XXS", 2}, {"XS", 50}, {"S", 200}, {"M", 300}, {"L", 400}, {"XL", 500}}

// ErrTerms are terms that cannot be kept.
var ErrTerms = fault.New(fault.Unprocessable, "agent-terms", "These terms cannot be kept.")

func rooms(size string) int {
	for _, s := range Sizes {
		if s.Name == size {
			return s.Rooms
		}
	}
	return 0
}

func (t Terms) check() error {
	if _, err := token.ParseAlg(string(t.Alg)); err != nil {
		return err
	}
	if t.Size != "" && rooms(t.Size) == 0 {
		return ErrTerms.At("size", "is XXS, XS, S, M, L or XL, or empty")
	}
	if t.Token < 5*time.Minute || t.Token > 24*time.Hour || t.Token%time.Second != 0 {
		return ErrTerms.At("token", "is 5 minutes to 24 hours")
	}
	return nil
}

// TermsOf are the tenant's terms, at most half a second old.
func (s *Service) TermsOf(ctx context.Context, tenant iam.OrgID) (Terms, error) {
	s.once.Do(func() { s.terms = recall.New[iam.OrgID, Terms](1024, time.Minute) })
	version, err := s.Decider.Version(ctx)
	if err != nil {
		return Terms{}, err
	}
	if t, ok := s.terms.Get(tenant, version); ok {
		return t, nil
	}
	t := DefaultTerms
	var seconds int64
	err = s.DB.WithContext(ctx).Raw("SELECT size, alg, token_seconds, replays FROM agent_terms WHERE tenant_id = ?", string(tenant)).Row().
		Scan(&t.Size, (*string)(&t.Alg), &seconds, &t.Replays)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return t, fmt.Errorf("terms of %s: %w", tenant, err)
	default:
		t.Token = time.Duration(seconds) * time.Second
	}
	s.terms.Put(tenant, version, t)
	return t, nil
}

// SetTerms changes how a tenant's agents are treated, for whoever manages agents
// in the tenant as a whole. Another algorithm makes another signing key.
func (s *Service) SetTerms(ctx context.Context, tenant iam.OrgID, t Terms) error {
	if err := s.Decider.Require(ctx, policies.ManageAgent, tenant); err != nil {
		return err
	}
	if err := t.check(); err != nil {
		return err
	}
	before, err := s.TermsOf(ctx, tenant)
	if err != nil || before == t {
		return err
	}
	if before.Size != t.Size { // what a tenant pays for is not his to say
		if err := s.Decider.Require(ctx, policies.AdministerPlatform, tenant); err != nil {
			return err
		}
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Decider.Bump(tx); err != nil {
			return err
		}
		err := tx.Exec(`INSERT INTO agent_terms (tenant_id, size, alg, token_seconds, replays, changed_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, alg = excluded.alg, token_seconds = excluded.token_seconds, replays = excluded.replays, changed_at = excluded.changed_at`,
			string(tenant), t.Size, string(t.Alg), int64(t.Token/time.Second), t.Replays, s.micros()).Error
		if err != nil {
			return fmt.Errorf("set terms: %w", err)
		}
		if before.Alg != t.Alg {
			if err := s.Keys.Rotate(ctx, tx, tenant, t.Alg); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, "agent.terms", audit.Object{Tenant: string(tenant), Org: string(tenant), Type: "org", ID: string(tenant)},
			audit.Detail{"size": t.Size, "alg": t.Alg, "token": t.Token.String(), "replays": t.Replays})
	})
}

// roomFor is ErrQuota when a tenant of that size has no room for one more.
func roomFor(tx *gorm.DB, tenant iam.OrgID, size string) error {
	if size == "" {
		return nil
	}
	if tx.Name() == migrations.Postgres { // of two that come at once one waits; SQLite has one writer anyway
		if err := tx.Exec("SELECT 1 FROM agent_terms WHERE tenant_id = ? FOR UPDATE", string(tenant)).Error; err != nil {
			return err
		}
	}
	most, n := rooms(size), 0
	err := tx.Raw("SELECT COUNT(*)"+fromAgents+" AND a.tenant_id = ?", string(tenant)).Row().Scan(&n)
	if err == nil && n >= most {
		err = ErrQuota.At("size", fmt.Sprintf("%s has room for %d agents", size, most))
	}
	return err
}
