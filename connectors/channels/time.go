package channels

import (
	"strings"
	"time"
)

// layouts are how callers write times; those without a zone are in the caller's.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 Z07:00",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05 MST",
	"2006-01-02", "20060102", "20060102T150405Z", "20060102T150405",
}

// ParseTime reads a time, with or without fractions of a second. Years run from
// 1970 to a hundred from now: what lies outside is a broken clock.
func ParseTime(s string, zone *time.Location, now time.Time) (time.Time, bool) {
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
