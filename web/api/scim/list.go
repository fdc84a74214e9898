package scim

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
)

// A page has at most pageMost resources, and pageUsual unless the caller says.
const (
	pageMost  = 200
	pageUsual = 100
)

// window reads startIndex, from 1, and count (RFC 7644, section 3.4.2.4): what
// is out of bounds is taken for the bound.
func window(c echo.Context) (start, count int, err error) {
	start, count = 1, pageUsual
	if s := c.QueryParam("startIndex"); s != "" {
		if start, err = strconv.Atoi(s); err != nil {
			return 0, 0, errValue
		}
	}
	if s := c.QueryParam("count"); s != "" {
		if count, err = strconv.Atoi(s); err != nil {
			return 0, 0, errValue
		}
	}
	return min(max(start, 1), 1<<30), min(max(count, 0), pageMost), nil
}

func (h *Handler) listUsers(c echo.Context) error {
	return h.list(c, userConditions, func(q orgs.Query) ([]resource, int64, error) {
		people, n, err := h.Directory.People(c.Request().Context(), q)
		all := make([]resource, len(people))
		for i, p := range people {
			all[i] = h.user(c, p)
		}
		return all, n, err
	})
}

func (h *Handler) listGroups(c echo.Context) error {
	return h.list(c, groupConditions, func(q orgs.Query) ([]resource, int64, error) {
		groups, n, err := h.Directory.Groups(c.Request().Context(), q)
		all := make([]resource, len(groups))
		for i, g := range groups {
			all[i] = h.group(c, g)
		}
		return all, n, err
	})
}

func (h *Handler) list(c echo.Context, known map[string]condition, read func(orgs.Query) ([]resource, int64, error)) error {
	start, count, err := window(c)
	if err != nil {
		return err
	}
	conds, err := parseFilter(c.QueryParam("filter"))
	if err != nil {
		return err
	}
	q := orgs.Query{Offset: start - 1, Limit: count}
	for _, k := range conds {
		add, ok := known[k.attr]
		if !ok || !add(&q, k.value) {
			return errFilter
		}
	}
	all, n, err := read(q)
	if err != nil {
		return err
	}
	return list(c, all, int(n), start)
}

// condition puts what a filter asks of one attribute into a query; it is false
// for a value that the attribute cannot have.
type condition func(q *orgs.Query, value any) bool

// is compares a column with a text, exactly or whatever the case.
func is(where string, more ...func(string) string) condition {
	return func(q *orgs.Query, value any) bool {
		s, ok := value.(string)
		if !ok || strings.ContainsRune(s, 0) {
			return false
		}
		for _, change := range more {
			s = change(s)
		}
		args := make([]any, strings.Count(where, "?"))
		for i := range args {
			args[i] = s
		}
		q.And(where, args...)
		return true
	}
}

// fixed is an attribute that has one value for everybody.
func fixed(want any) condition {
	return func(q *orgs.Query, value any) bool {
		if s, ok := value.(string); ok {
			value = strings.ToLower(s)
		}
		if value != want {
			q.And("1 = 0")
		}
		return true
	}
}

func isActive(q *orgs.Query, value any) bool {
	yes, err := truth(value)
	if err != nil {
		return false
	}
	if yes {
		q.And("state = 'active'")
	} else {
		q.And("state <> 'active'")
	}
	return true
}

var userConditions = map[string]condition{
	"id":              is("id = ?"),
	"externalid":      is("external_id = ?"),
	"username":        is("(LOWER(user_name) = LOWER(?) OR user_name IS NULL AND email = LOWER(?))"),
	"displayname":     is("LOWER(name) = LOWER(?)"),
	"name.formatted":  is("LOWER(name) = LOWER(?)"),
	"name.givenname":  is("LOWER(given_name) = LOWER(?)"),
	"name.familyname": is("LOWER(family_name) = LOWER(?)"),
	"emails":          is("email = ?", strings.ToLower),
	"emails.value":    is("email = ?", strings.ToLower),
	"emails.type":     fixed("work"),
	"emails.primary":  fixed(true),
	"active":          isActive,
}

var groupConditions = map[string]condition{
	"id":            is("id = ?"),
	"externalid":    is("external_id = ?"),
	"displayname":   is("LOWER(name) = LOWER(?)"),
	"members":       is(orgs.HasMember),
	"members.value": is(orgs.HasMember),
}
