package form

import (
	"strings"
	"time"

	"halfkey/iam"
)

// Unreadable stands for a time that nobody can read, or that cannot be told
// again: so long ago that nobody means it.
var Unreadable = time.Unix(0, 0)

// minute is how a browser's field has a time.
const minute = "2006-01-02T15:04"

// Morning is the beginning of a day such as 2027-01-31, in the server's time
// zone; zero for none, Unreadable for what is no day.
func Morning(day string) time.Time {
	if day = strings.TrimSpace(day); day == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, day, time.Local)
	return readable(t, err)
}

func readable(t time.Time, err error) time.Time {
	if err != nil || !iam.Dated(t) {
		return Unreadable
	}
	return t
}

// Evening is the last second of a day, else like Morning.
func Evening(day string) time.Time {
	t := Morning(day)
	if t.IsZero() || t.Equal(Unreadable) {
		return t
	}
	return readable(t.AddDate(0, 0, 1).Add(-time.Second), nil)
}

// Moment reads a time such as 2027-01-31T18:00, or a day, which stands for its
// end; else like Morning.
func Moment(s string) time.Time {
	if t, err := time.ParseInLocation(minute, s, time.Local); err == nil {
		return readable(t, nil)
	}
	return Evening(s)
}

// Local is a time as Moment reads it; "" for none.
func Local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(time.Local).Format(minute)
}
