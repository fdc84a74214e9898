package policies

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Scope is everywhere that a person may do one thing: lists, counts and
// searches are cut to it. The zero Scope is nowhere.
type Scope struct {
	all     bool
	tenants []iam.OrgID // whole tenants
	trees   []iam.OrgID // with all below
	singles []iam.OrgID // alone
	closed  []iam.OrgID // of all these not what lies in here
	lineOf  func(iam.OrgID) line
}

// Scope says where the person who acts in ctx may do act.
func (d *Decider) Scope(ctx context.Context, act Action) (Scope, error) {
	user, ok := Asking(ctx)
	if !ok {
		return Scope{}, nil
	}
	version, err := d.versions.Current(ctx)
	if err != nil {
		return Scope{}, err
	}
	seats, err := d.seatsAt(ctx, version, user)
	if err != nil {
		return Scope{}, err
	}
	s := Scope{lineOf: func(org iam.OrgID) line { l, _ := d.lineAt(ctx, version, org); return l }}
	if s.closed, err = d.stopped(ctx, version); err != nil {
		return Scope{}, err
	}
	now := iam.Micros(d.now())
	for _, seat := range seats {
		if seat.span.holds(now) && d.table.may(seat.role).Has(act) {
			s.add(seat)
		}
	}
	s.trees = slices.DeleteFunc(s.trees, s.wholly)
	s.singles = slices.DeleteFunc(s.singles, s.wholly)
	return s, nil
}

func (s *Scope) add(t seat) {
	switch {
	case t.root && t.reach == Subtree:
		s.all = true
	case t.reach == Self:
		s.singles = with(s.singles, t.org)
	case t.org == t.tenant:
		s.tenants = with(s.tenants, t.org)
	default:
		s.trees = with(s.trees, t.org)
	}
}

func with(ids []iam.OrgID, id iam.OrgID) []iam.OrgID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// wholly reports whether org's whole tenant is in the scope anyway.
func (s *Scope) wholly(org iam.OrgID) bool {
	return s.all || slices.Contains(s.tenants, s.lineOf(org).tenant)
}

// Empty reports whether there is no such place.
func (s Scope) Empty() bool {
	return !s.all && len(s.tenants)+len(s.trees)+len(s.singles) == 0
}

// Has reports whether org is in the scope.
func (s Scope) Has(org iam.OrgID) bool {
	if s.Empty() {
		return false
	}
	l := s.lineOf(org)
	in := s.all && len(l.places) > 0 || slices.Contains(s.tenants, l.tenant) || slices.Contains(s.singles, org)
	for _, p := range l.places {
		if slices.Contains(s.closed, p.id) {
			return false
		}
		in = in || slices.Contains(s.trees, p.id)
	}
	return in
}

// Filter cuts a query to the scope, by the columns that name a row's
// organisation and its tenant.
func (s Scope) Filter(q *gorm.DB, orgColumn, tenantColumn string) *gorm.DB {
	sql, args := s.SQL(orgColumn, tenantColumn)
	if sql == "" {
		return q
	}
	return q.Where(sql, args...)
}

// SQL is the condition of Filter with its arguments; empty for everywhere. The
// column names must be the program's own.
func (s Scope) SQL(orgColumn, tenantColumn string) (string, []any) {
	if s.Empty() {
		return "1 = 0", nil
	}
	var where []string
	var args []any
	among := func(column, before, after string, ids []iam.OrgID) string {
		for _, id := range ids {
			args = append(args, string(id))
		}
		return column + before + strings.Repeat("?,", len(ids)-1) + "?" + after
	}
	const below = " IN (SELECT descendant FROM org_closure WHERE ancestor IN ("
	if !s.all && len(s.tenants) > 0 {
		where = append(where, among(tenantColumn, " IN (", ")", s.tenants))
	}
	if !s.all && len(s.trees) > 0 {
		where = append(where, among(orgColumn, below, "))", s.trees))
	}
	if !s.all && len(s.singles) > 0 {
		where = append(where, among(orgColumn, " IN (", ")", s.singles))
	}
	sql := strings.Join(where, " OR ")
	if len(where) > 1 {
		sql = "(" + sql + ")"
	}
	if len(s.closed) > 0 {
		if sql != "" {
			sql += " AND "
		}
		sql += among(orgColumn, " NOT"+below, "))", s.closed)
	}
	return sql, args
}

// Tenants lists the tenants in which the person who acts in ctx holds anything;
// iam.Everywhere for who holds something on the platform itself.
func (d *Decider) Tenants(ctx context.Context) ([]iam.OrgID, error) {
	user, ok := Asking(ctx)
	if !ok {
		return nil, nil
	}
	version, err := d.versions.Current(ctx)
	if err != nil {
		return nil, err
	}
	seats, err := d.seatsAt(ctx, version, user)
	now := iam.Micros(d.now())
	var tenants []iam.OrgID
	for _, s := range seats {
		if s.root && s.span.holds(now) {
			return []iam.OrgID{iam.Everywhere}, nil
		}
		if s.span.holds(now) {
			tenants = with(tenants, s.tenant)
		}
	}
	return tenants, err
}
