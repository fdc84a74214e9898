package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/recall"
	"halfkey/iam/token"
	"halfkey/migrations"
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
	t, err := readTerms(s.DB.WithContext(ctx), tenant)
	if err == nil {
		s.terms.Put(tenant, version, t)
	}
	return t, err
}

func readTerms(tx *gorm.DB, tenant iam.OrgID) (Terms, error) {
	t := DefaultTerms
	var seconds int64
	err := tx.Raw("SELECT size, alg, token_seconds, replays FROM agent_terms WHERE tenant_id = ?", string(tenant)).Row().
		Scan(&t.Size, (*string)(&t.Alg), &seconds, &t.Replays)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultTerms, nil
	}
	if err != nil {
		return t, fmt.Errorf("terms of %s: %w", tenant, err)
	}
	t.Token = time.Duration(seconds) * time.Second
	return t, nil
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
