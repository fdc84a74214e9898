package agents

import (
	"context"
	"fmt"

	"halfkey/iam"
	"halfkey/policies"
)

// A Quota is how many agents a tenant has room for.
type Quota struct {
	Size       string // "" where nothing bounds them
	Used, Most int
}

// Quota tells who may make agents there how many the tenant of a place has, and
// may have.
func (s *Service) Quota(ctx context.Context, org iam.OrgID) (q Quota, err error) {
	if err := s.Decider.Require(ctx, policies.ManageAgent, org); err != nil {
		return q, err
	}
	tenant, err := s.Decider.TenantOf(ctx, org)
	if err != nil {
		return q, err
	}
	terms, err := s.TermsOf(ctx, tenant)
	if err != nil || terms.Size == "" {
		return q, err
	}
	return s.used(ctx, tenant, terms)
}

func (s *Service) used(ctx context.Context, tenant iam.OrgID, terms Terms) (Quota, error) {
	q := Quota{Size: terms.Size, Most: rooms(terms.Size)}
	if err := s.DB.WithContext(ctx).Raw("SELECT COUNT(*)"+fromAgents+" AND a.tenant_id = ?", string(tenant)).Row().Scan(&q.Used); err != nil {
		return q, fmt.Errorf("count agents of %s: %w", tenant, err)
	}
	return q, nil
}
