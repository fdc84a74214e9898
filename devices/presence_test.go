package devices

import (
	"testing"
	"time"
)

func TestADeviceIsJudgedByItsOwnRhythm(t *testing.T) {
	now := time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		state  State
		quiet  time.Duration // negative: never heard
		rhythm time.Duration
		want   Presence
	}{
		"never heard":                  {Active, -1, 0, NoReadingYet},
		"within its rhythm":            {Active, 2 * time.Minute, time.Minute, Live},
		"a bit late":                   {Active, 2*time.Minute + 1, time.Minute, Late},
		"ten times late":               {Active, 10*time.Minute + 1, time.Minute, Silent},
		"once a day is its rhythm":     {Active, 30 * time.Hour, 24 * time.Hour, Live},
		"late after a day is silence":  {Active, 25 * time.Hour, 5 * time.Hour, Silent},
		"its rhythm is not known yet":  {Active, 30 * time.Second, 0, Live},
		"jitter of a fast one":         {Active, 9 * time.Second, time.Second, Live},
		"suspended, whatever it sends": {Suspended, 0, time.Minute, Paused},
		"removed":                      {Retired, 0, time.Minute, Offboarded},
	} {
		t.Run(name, func(t *testing.T) {
			heard := now.Add(-c.quiet)
			if c.quiet < 0 {
				heard = time.Time{}
			}
			if got := PresenceOf(c.state, heard, c.rhythm, now); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}
