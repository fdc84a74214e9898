package agents

import (
	"context"
	"fmt"
	"strings"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/policies"
)

// A Page is some agents of many.
type Page struct {
	Agents []Agent
	Total  int
}

// A Query picks agents. Zero is everything that the actor may see.
type Query struct {
	Where  Filter // nil for all
	Sort   Sort
	Page   int // from 0
	Size   int // 1 to 500
	Tenant iam.OrgID
	Org    iam.OrgID // this place and those below
	Text   string    // part of the name, or the beginning of the id
	Stage  Stage
}

// A Sort is a column of a list and its direction.
type Sort struct {
	By   string // id, name or securityProfile; "" for id
	Down bool
}

// columnsOf are the words of lists and filters, with where they are kept. The
// entity that an agent stands for has the agent's id.
var columnsOf = map[string]string{"id": "a.id", "entityId": "a.id", "name": "d.name", "securityProfile": "a.profile"}

// likely takes from a text what LIKE would read as a sign.
var likely = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// List is one page of the agents that the actor may see.
func (s *Service) List(ctx context.Context, q Query) (p Page, err error) {
	scope, err := s.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil || scope.Empty() {
		return p, err
	}
	where, args := fromAgents, []any(nil)
	if sql, more := scope.SQL("d.org_id", "d.tenant_id"); sql != "" {
		where, args = where+" AND "+sql, append(args, more...)
	}
	if q.Tenant != "" {
		where, args = where+" AND a.tenant_id = ?", append(args, string(q.Tenant))
	}
	if q.Org != "" {
		where, args = where+" AND d.org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", append(args, string(q.Org))
	}
	if q.Text != "" {
		part := strings.ToLower(likely.Replace(q.Text))
		where, args = where+` AND (LOWER(d.name) LIKE ? ESCAPE '\' OR a.id LIKE ? ESCAPE '\')`, append(args, "%"+part+"%", part+"%")
	}
	if sql, more := q.Stage.sql(s.micros()); sql != "" {
		where, args = where+" AND "+sql, append(args, more...)
	}
	if q.Where != nil {
		sql, more := q.Where.sql()
		where, args = where+" AND "+sql, append(args, more...)
	}
	db := s.DB.WithContext(ctx)
	if err := migrations.SQL("SELECT COUNT(*)"+where).Row(ctx, db, args...).Scan(&p.Total); err != nil {
		return p, fmt.Errorf("count agents: %w", err)
	}
	by, direction := columnsOf[q.Sort.By], " ASC"
	if by == "" {
		by = "a.id"
	}
	if q.Sort.Down {
		direction = " DESC"
	}
	list := migrations.SQL("SELECT " + columns + where + " ORDER BY " + by + direction + ", a.id LIMIT ? OFFSET ?")
	rows, err := list.Rows(ctx, db, append(args, q.Size, q.Page*q.Size)...)
	if err != nil {
		return p, fmt.Errorf("list agents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return p, fmt.Errorf("list agents: %w", err)
		}
		p.Agents = append(p.Agents, r.agent())
	}
	return p, rows.Err()
}
