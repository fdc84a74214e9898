package thingspeak

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name, on machines without a table of their own
)

// layouts are how callers write times; those without a zone are in the caller's.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 Z07:00",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05 MST",
	"2006-01-02", "20060102", "20060102T150405Z", "20060102T150405",
}

// parseTime reads a time, with or without fractions of a second. Years run from
// 1970 to a hundred from now: what lies outside is a broken clock.
func parseTime(s string, zone *time.Location, now time.Time) (time.Time, bool) {
	if len(s) < 8 || len(s) > 40 {
		return time.Time{}, false
	}
	s = strings.TrimSpace(s)
	s = strings.TrimSuffix(s, " UTC")
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			t = t.UTC()
			return t, t.Year() >= 1970 && t.Year() <= now.Year()+100
		}
	}
	return time.Time{}, false
}

// zoneOf is where the caller's clock stands: `timezone` names it, `offset` says
// hours from UTC; else UTC.
func zoneOf(p Params) *time.Location {
	if name := p.Text("timezone"); name != "" && len(name) < 64 && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	if h, err := strconv.ParseFloat(p.Text("offset"), 64); err == nil && h >= -14 && h <= 14 && h != 0 {
		return time.FixedZone("", int(h*3600))
	}
	return time.UTC
}
