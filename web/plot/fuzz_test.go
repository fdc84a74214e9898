package plot

import (
	"slices"
	"testing"
	"time"
)

// A chart's end is in the past, or now.
func FuzzUntil(f *testing.F) {
	for _, s := range []string{"", "0", "-1", "1795000000", "1799999999", "1800000000", "99999999999999999999", "+5", "1e9", " 7", "0x10", "９"} {
		f.Add(s)
	}
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, s string) {
		if at := Until(s, now); !at.IsZero() && (!at.Before(now) || at.Unix() <= 0) {
			t.Errorf("%q is until %v", s, at)
		}
	})
}

// Whatever an address says, and whenever a channel was last heard, there is a range.
func FuzzRange(f *testing.F) {
	f.Add("24h", int64(0))
	f.Add("", int64(1))
	f.Add("15M", int64(1)<<62)
	f.Add("7d\x00", int64(-1)<<62)
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, s string, ago int64) {
		r := Parse(s, now.Add(-time.Duration(ago)), now)
		if !slices.Contains(Ranges, r) {
			t.Errorf("%q is %v", s, r)
		}
		if slices.ContainsFunc(Ranges, func(known Range) bool { return known.ID == s }) && r.ID != s {
			t.Errorf("%q became %s", s, r.ID)
		}
	})
}
