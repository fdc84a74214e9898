package orgs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"halfkey/iam"
	"halfkey/policies"
)

// treeMost bounds a page of places.
const treeMost = 2000

// Node is a place in the tree as the asking person sees it. Depth counts from
// the highest place that he sees. People and Devices are those in the place
// itself, of which only the visible ones count.
type Node struct {
	Org
	Depth   int
	People  int
	Devices int
}

// Tree lists what the person who acts in ctx may see, parents before children,
// by name.
func (s *Service) Tree(ctx context.Context) ([]Node, error) {
	nodes, err := s.tree(ctx, policies.ReadOrg)
	if err != nil {
		return nil, err
	}
	people, err := s.count(ctx, policies.ReadPeople, nodes, `SELECT org_id, COUNT(DISTINCT subject_id) FROM assignments
WHERE org_id IN ? AND subject_type = 'user' AND status = 'active' AND ended_at IS NULL%s GROUP BY org_id`)
	if err != nil {
		return nil, err
	}
	devices, err := s.count(ctx, policies.SeeDevice, nodes, `SELECT org_id, COUNT(*) FROM devices WHERE org_id IN ? AND removed_at IS NULL%s GROUP BY org_id`)
	if err != nil {
		return nil, err
	}
	for i := range nodes {
		nodes[i].People, nodes[i].Devices = people[nodes[i].ID], devices[nodes[i].ID]
	}
	return nodes, nil
}

// Visible lists the places that the person who acts in ctx may see, in the
// order of Tree.
func (s *Service) Visible(ctx context.Context) ([]Org, error) { return s.Places(ctx, policies.ReadOrg) }

// Places lists the places where he may do act, in the order of Tree: what a
// form offers.
func (s *Service) Places(ctx context.Context, act policies.Action) ([]Org, error) {
	nodes, err := s.tree(ctx, act)
	if err != nil {
		return nil, err
	}
	all := make([]Org, len(nodes))
	for i, n := range nodes {
		all[i] = n.Org
	}
	return all, nil
}

func (s *Service) tree(ctx context.Context, act policies.Action) ([]Node, error) {
	scope, err := s.Decider.Scope(ctx, act)
	if err != nil || scope.Empty() {
		return nil, err
	}
	var rows []orgRow
	if err := scope.Filter(s.DB.WithContext(ctx), "id", "tenant_id").Order("id").Limit(treeMost).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	seen := make(map[iam.OrgID]bool, len(rows))
	for _, r := range rows {
		seen[iam.OrgID(r.ID)] = true
	}
	below := map[iam.OrgID][]Org{} // by parent; "" for the highest seen
	for _, r := range rows {
		o := r.org()
		if seen[o.Parent] {
			below[o.Parent] = append(below[o.Parent], o)
		} else {
			below[""] = append(below[""], o)
		}
	}
	return walk(nil, below, "", 0), nil
}

func walk(nodes []Node, below map[iam.OrgID][]Org, parent iam.OrgID, depth int) []Node {
	slices.SortFunc(below[parent], func(a, b Org) int {
		return strings.Compare(strings.ToLower(a.Name)+"|"+string(a.ID), strings.ToLower(b.Name)+"|"+string(b.ID))
	})
	for _, o := range below[parent] {
		nodes = append(nodes, Node{Org: o, Depth: depth})
		nodes = walk(nodes, below, o.ID, depth+1)
	}
	return nodes
}

// count runs a query of organisation and number in these places, cut to where
// act is allowed.
func (s *Service) count(ctx context.Context, act policies.Action, in []Node, query string) (map[iam.OrgID]int, error) {
	scope, err := s.Decider.Scope(ctx, act)
	if err != nil || scope.Empty() {
		return nil, err
	}
	where, args := scope.SQL("org_id", "tenant_id")
	if where != "" {
		where = " AND " + where
	}
	places := make([]iam.OrgID, len(in))
	for i, n := range in {
		places[i] = n.ID
	}
	rows, err := s.DB.WithContext(ctx).Raw(fmt.Sprintf(query, where), append([]any{places}, args...)...).Rows()
	if err != nil {
		return nil, fmt.Errorf("count by organisation: %w", err)
	}
	defer rows.Close()
	n := map[iam.OrgID]int{}
	for rows.Next() {
		var org iam.OrgID
		var count int
		if err := rows.Scan(&org, &count); err != nil {
			return nil, fmt.Errorf("count by organisation: %w", err)
		}
		n[org] = count
	}
	return n, rows.Err()
}
