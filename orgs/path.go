package orgs

import (
	"context"
	"fmt"

	"halfkey/iam"
	"halfkey/policies"
)

// Get finds an organisation that the person who acts in ctx may see. Absent and
// hidden are the same: policies.ErrHidden.
func (s *Service) Get(ctx context.Context, id iam.OrgID) (Org, error) {
	if err := s.Decider.Require(ctx, policies.ReadOrg, id); err != nil {
		return Org{}, err
	}
	return findOrg(s.DB.WithContext(ctx), id)
}

// Crumb is one step on the way down to a place. What lies above one's own place
// has a name and nothing else.
type Crumb struct {
	ID   iam.OrgID // "" where only the name is known
	Name string
}

// Path gives the way from the tenant down to the organisation itself.
func (s *Service) Path(ctx context.Context, id iam.OrgID) ([]Crumb, error) {
	if err := s.Decider.Require(ctx, policies.ReadOrg, id); err != nil {
		return nil, err
	}
	scope, err := s.Decider.Scope(ctx, policies.ReadOrg)
	if err != nil {
		return nil, err
	}
	var crumbs []Crumb
	err = s.DB.WithContext(ctx).Raw(`SELECT o.id, o.name FROM org_closure c JOIN orgs o ON o.id = c.ancestor
WHERE c.descendant = ? AND (o.parent_id IS NOT NULL OR c.depth = 0) ORDER BY c.depth DESC`, string(id)).Scan(&crumbs).Error
	if err != nil {
		return nil, fmt.Errorf("read the path of %s: %w", id, err)
	}
	for i := range crumbs {
		if !scope.Has(crumbs[i].ID) {
			crumbs[i].ID = ""
		}
	}
	return crumbs, nil
}
