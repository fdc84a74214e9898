package agentmgmt

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"halfkey/devices/agents"
)

// parseEventFilter reads the filter of a list of events, a JSON object:
//
//	{"entityId": "…", "severity": 20, "timestamp": {"between": "[2026-11-01T00:00:00Z,2026-11-02T00:00:00Z]"}}
func parseEventFilter(text string) (q agents.EventQuery, err error) {
	if strings.TrimSpace(text) == "" {
		return q, nil
	}
	var fields map[string]json.RawMessage
	if len(text) > 4096 || json.Unmarshal([]byte(text), &fields) != nil {
		return q, agents.ErrFilter.At("filter", "is a JSON object of at most 4096 bytes")
	}
	for name, raw := range fields {
		if name == "timestamp" {
			if err := parseSpan(raw, &q); err != nil {
				return q, err
			}
			continue
		}
		value, ok := equals(raw)
		if !ok {
			return q, agents.ErrFilter.At("filter."+name, "is a value, or eq with one")
		}
		switch name {
		case "entityId":
			if q.Entity, err = agents.ParseID(value); err != nil {
				return q, agents.ErrFilter.At("filter.entityId", "has 32 hexadecimal digits")
			}
		case "severity":
			n, err := strconv.Atoi(value)
			if err != nil {
				return q, agents.ErrFilter.At("filter.severity", "is a number")
			}
			q.Severity = &n
		case "source":
			q.Source = value
		case "sourceType":
			q.SourceType = value
		case "sourceId":
			q.SourceID = value
		case "typeId":
		default:
			return q, agents.ErrFilter.At("filter."+name, "is none of entityId, timestamp, severity, source, sourceType, sourceId")
		}
	}
	return q, nil
}

// equals reads a value, or an object that says eq.
func equals(raw json.RawMessage) (string, bool) {
	var s scalar
	if json.Unmarshal(raw, &s) == nil {
		return string(s), true
	}
	var operator map[string]scalar
	if json.Unmarshal(raw, &operator) != nil || len(operator) != 1 {
		return "", false
	}
	s, ok := operator["eq"]
	return string(s), ok
}

// parseSpan reads a time, or from when to when.
func parseSpan(raw json.RawMessage, q *agents.EventQuery) error {
	wrong := agents.ErrFilter.At("filter.timestamp", "is a time, or after, before, ge, le, eq or between with one")
	if one, ok := equals(raw); ok {
		t, err := parseTime(one)
		if err != nil {
			return wrong
		}
		q.From, q.To = t, t
		return nil
	}
	var operators map[string]string
	if json.Unmarshal(raw, &operators) != nil {
		return wrong
	}
	for operator, text := range operators {
		if operator == "between" {
			from, to, ok := strings.Cut(strings.Trim(text, "[]()"), ",")
			a, err1 := parseTime(strings.TrimSpace(from))
			b, err2 := parseTime(strings.TrimSpace(to))
			if !ok || err1 != nil || err2 != nil {
				return wrong
			}
			q.From, q.To = a, b
			continue
		}
		t, err := parseTime(text)
		if err != nil {
			return wrong
		}
		switch operator {
		case "after", "gt":
			q.From = t.Add(time.Microsecond)
		case "ge", "gte":
			q.From = t
		case "before", "lt":
			q.To = t.Add(-time.Microsecond)
		case "le", "lte":
			q.To = t
		default:
			return wrong
		}
	}
	return nil
}
