package iam

import (
	"testing"
	"time"
)

func TestOneRuleSaysWhatIsInForce(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	before, after, never := now.Add(-time.Hour), now.Add(time.Hour), time.Time{}
	for name, c := range map[string]struct {
		state        string
		since, until time.Time
		is           Effect
		cause        Cause
	}{
		"plainly":                      {"active", never, never, InForce, ""},
		"within its dates":             {"active", before, after, InForce, ""},
		"from this moment on":          {"active", now, after, InForce, ""},
		"until this moment":            {"active", before, now, Over, ByDates},
		"it begins later":              {"active", after, never, NotYet, ByDates},
		"somebody stopped it":          {"suspended", before, after, Resting, ByState},
		"a person is switched off":     {"disabled", never, never, Resting, ByState},
		"stopped, and late as well":    {"suspended", never, before, Resting, ByState},
		"ended, though its dates hold": {"ended", before, after, Over, ByState},
		"a tombstone":                  {"retired", never, never, Over, ByState},
		"an offer waits for a word":    {"offered", never, never, Resting, ByState},
		"a device has not called yet":  {"announced", never, never, InForce, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if s := Effective(c.state, c.since, c.until, now); s.Is != c.is || s.Cause != c.cause || s.State != c.state {
				t.Errorf("%+v", s)
			}
		})
	}
	t.Run("what it lies in decides as well", func(t *testing.T) {
		shut := Effective("suspended", never, never, now)
		if s := Effective("active", never, never, now).Within(shut, ByAbove, "place"); s.Is != Resting || s.Cause != ByAbove || s.By != "place" || s.State != "active" {
			t.Errorf("%+v", s)
		}
		if s := Effective("retired", never, never, now).Within(shut, ByAbove, "place"); s.Is != Over || s.Cause != ByState {
			t.Errorf("its own end weighs more: %+v", s)
		}
	})
}
