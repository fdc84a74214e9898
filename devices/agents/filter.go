package agents

import (
	"encoding/json"
	"strings"

	"halfkey/iam/fault"
)

// ErrFilter says that a filter does not parse.
var ErrFilter = fault.New(fault.Malformed, "agent-filter", "The filter cannot be read.")

// A Filter picks agents by what they are.
type Filter interface{ sql() (string, []any) }

// ParseFilter reads the filter language of the industrial platforms, of which it
// knows eq, startsWith, contains and and:
//
//	{"name": "press 7"}
//	{"and": {"name": {"startsWith": "press"}, "securityProfile": {"eq": "RSA_3072"}}}
func ParseFilter(text string) (Filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > 4096 {
		return nil, ErrFilter.At("filter", "is longer than 4096 bytes")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, ErrFilter.At("filter", "is no JSON object")
	}
	return parseAll(fields, 0)
}

// all holds where every one of it holds; nothing at all holds everywhere.
type all []Filter

func (f all) sql() (string, []any) {
	parts, args := []string{"1 = 1"}, []any(nil)
	for _, one := range f {
		sql, more := one.sql()
		parts, args = append(parts, sql), append(args, more...)
	}
	return "(" + strings.Join(parts, " AND ") + ")", args
}

// comparison is one field with what it must be like.
type comparison struct{ column, operator, value string }

func (c comparison) sql() (string, []any) {
	if c.operator == "eq" {
		return c.column + " = ?", []any{c.value}
	}
	like := likely.Replace(c.value) + "%"
	if c.operator == "contains" {
		like = "%" + like
	}
	return c.column + ` LIKE ? ESCAPE '\'`, []any{like}
}

func parseAll(fields map[string]json.RawMessage, depth int) (Filter, error) {
	if depth > 3 {
		return nil, ErrFilter.At("filter", "is nested too deep")
	}
	var f all
	for name, value := range fields {
		one, err := parseOne(name, value, depth)
		if err != nil {
			return nil, err
		}
		f = append(f, one)
	}
	return f, nil
}

func parseOne(name string, value json.RawMessage, depth int) (Filter, error) {
	if name == "and" {
		var inner map[string]json.RawMessage
		if err := json.Unmarshal(value, &inner); err == nil {
			return parseAll(inner, depth+1)
		}
		var list []map[string]json.RawMessage
		if err := json.Unmarshal(value, &list); err != nil {
			return nil, ErrFilter.At("filter.and", "is an object or an array of objects")
		}
		var f all
		for _, inner := range list {
			one, err := parseAll(inner, depth+1)
			if err != nil {
				return nil, err
			}
			f = append(f, one)
		}
		return f, nil
	}
	column := columnsOf[name]
	if column == "" {
		return nil, ErrFilter.At("filter."+name, "is none of id, entityId, name, securityProfile")
	}
	var plain string
	if json.Unmarshal(value, &plain) == nil {
		return comparison{column, "eq", plain}, nil
	}
	var operators map[string]string
	if err := json.Unmarshal(value, &operators); err != nil {
		return nil, ErrFilter.At("filter."+name, "is a text, or an operator with a text")
	}
	var f all
	for operator, text := range operators {
		switch operator {
		case "eq", "startsWith", "contains":
			f = append(f, comparison{column, operator, text})
		default:
			return nil, ErrFilter.At("filter."+name+"."+operator, "is none of eq, startsWith, contains")
		}
	}
	return f, nil
}

// ParseSort reads "entityId,DESC"; empty is by id.
func ParseSort(text string) (s Sort, err error) {
	if text == "" {
		return s, nil
	}
	by, direction, _ := strings.Cut(text, ",")
	if columnsOf[by] == "" {
		return s, ErrFilter.At("sort", "is by id, entityId, name or securityProfile")
	}
	switch strings.ToUpper(direction) {
	case "", "ASC":
	case "DESC":
		s.Down = true
	default:
		return s, ErrFilter.At("sort", "goes ASC or DESC")
	}
	s.By = by
	return s, nil
}
