package policies

import (
	"strings"

	"halfkey/iam"
)

// SQL is the condition of Filter with its arguments; empty for everywhere. The
// column names must be the program's own.
func (s Scope) SQL(orgColumn, tenantColumn string) (string, []any) {
	s.devices = nil
	return s.DeviceSQL(orgColumn, tenantColumn, "")
}

// DeviceSQL is SQL for rows that are devices, which may be shared alone;
// idColumn names them.
func (s Scope) DeviceSQL(orgColumn, tenantColumn, idColumn string) (string, []any) {
	if s.Empty() {
		return "1 = 0", nil
	}
	var c condition
	if !s.all {
		c.any(tenantColumn+" IN (", ")", ids(s.tenants))
		c.any(orgColumn+below, "))", ids(s.trees))
		for _, org := range s.guarded {
			c.any(orgColumn+below, ")) AND "+orgColumn+notPrivate, []any{string(org)}, string(org))
		}
		c.any(orgColumn+" IN (", ")", ids(s.singles))
		c.any(idColumn+" IN (", ")", ids(s.devices))
	}
	sql := strings.Join(c.parts, " OR ")
	if len(c.parts) > 1 {
		sql = "(" + sql + ")"
	}
	if len(s.closed) > 0 {
		sql = c.and(sql, orgColumn+" NOT"+below, "))", ids(s.closed))
	}
	if len(s.barred) > 0 {
		sql = c.and(sql, orgColumn+" NOT IN (", ")", ids(s.barred))
	}
	for _, org := range s.within {
		sql = c.and(sql, orgColumn+below, "))", []any{string(org)})
	}
	return sql, c.args
}

const (
	below = " IN (SELECT descendant FROM org_closure WHERE ancestor IN ("
	// notPrivate leaves out what lies in a private place below the one that is named.
	notPrivate = ` NOT IN (SELECT i.descendant FROM org_closure p JOIN orgs r ON r.id = p.descendant JOIN org_closure i ON i.ancestor = r.id
 WHERE p.ancestor = ? AND p.depth > 0 AND r.private)`
)

// condition is one in the making: what holds if any of its parts does.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) any(before, after string, ids []any, more ...any) {
	if len(ids) == 0 {
		return
	}
	c.parts = append(c.parts, before+marks(len(ids))+after)
	c.args = append(append(c.args, ids...), more...)
}

func (c *condition) and(sql, before, after string, ids []any) string {
	c.args = append(c.args, ids...)
	if sql != "" {
		sql += " AND "
	}
	return sql + before + marks(len(ids)) + after
}

func marks(n int) string { return strings.Repeat("?,", n-1) + "?" }

func ids[ID iam.OrgID | iam.DeviceID](all []ID) []any {
	list := make([]any, len(all))
	for i, id := range all {
		list[i] = string(id)
	}
	return list
}
