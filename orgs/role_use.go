package orgs

import (
	"context"
	"fmt"

	"halfkey/iam"
	"halfkey/policies"
)

// RoleUses counts where each of a tenant's own roles is held now, for whoever
// reads people in the tenant.
func (s *Service) RoleUses(ctx context.Context, tenant iam.OrgID) (map[policies.Role]int, error) {
	if err := s.Decider.Require(ctx, policies.ReadPeople, tenant); err != nil {
		return nil, err
	}
	var rows []struct {
		Role  string
		Count int
	}
	err := s.DB.WithContext(ctx).Raw(`SELECT role, COUNT(*) AS count FROM assignments
WHERE tenant_id = ? AND role LIKE 'custom:%' AND status = 'active' AND ended_at IS NULL AND (valid_to IS NULL OR valid_to > ?) GROUP BY role`,
		string(tenant), iam.Micros(s.Now())).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count who holds the roles of %s: %w", tenant, err)
	}
	uses := make(map[policies.Role]int, len(rows))
	for _, r := range rows {
		uses[policies.Role(r.Role)] = r.Count
	}
	return uses, nil
}
