package ui

import (
	"testing"
	"time"
)

func TestMomentByHandReadsAsFormatted(t *testing.T) {
	prague := time.FixedZone("", 3600)
	for _, at := range []time.Time{time.Date(2026, 11, 3, 4, 5, 6, 7, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 0, prague)} {
		if got, want := string(appendMoment(nil, at)), at.Format(moment); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
