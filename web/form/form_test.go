package form

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestADayIsTakenFromItsMorningToItsEvening(t *testing.T) {
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.Local)
	for typed, want := range map[string][3]time.Time{
		"2027-01-31":       {day, day.AddDate(0, 0, 1).Add(-time.Second), day.AddDate(0, 0, 1).Add(-time.Second)},
		" 2027-01-31 ":     {day, day.AddDate(0, 0, 1).Add(-time.Second), day.AddDate(0, 0, 1).Add(-time.Second)},
		"2027-01-31T18:00": {Unreadable, Unreadable, day.Add(18 * time.Hour)},
		"":                 {},
		"soon":             {Unreadable, Unreadable, Unreadable},
		"2027-02-30":       {Unreadable, Unreadable, Unreadable},
		"0001-01-01T00:00": {Unreadable, Unreadable, Unreadable}, // and not no time at all
		"0001-01-01":       {Unreadable, Unreadable, Unreadable},
	} {
		if got := [3]time.Time{Morning(typed), Evening(typed), Moment(typed)}; got != want {
			t.Errorf("%q: %v, want %v", typed, got, want)
		}
	}
}

func FuzzMoment(f *testing.F) {
	for _, s := range []string{"", "2027-01-31", "2027-01-31T18:00", "soon", "0000-00-00", "9999-12-31T23:59"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := Moment(s)
		if at.IsZero() || at.Equal(Unreadable) || at.Second() == 59 {
			return
		}
		if again := Moment(Local(at)); !again.Equal(at) {
			t.Errorf("%q is %v and comes back as %v", s, at, again)
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"", " Cellar ", "a\x00b", "\xff", strings.Repeat("ä", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if w := Words(s); !utf8.ValidString(w) || utf8.RuneCountInString(w) > wordsMost || strings.ContainsRune(w, 0) {
			t.Errorf("%q", w)
		}
	})
}
