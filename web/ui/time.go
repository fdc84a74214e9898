package ui

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

type clockKey struct{}

type clock struct {
	now  func() time.Time
	zone *time.Location
}

// WithClock sets what "now" is and the time zone that times are shown in.
// Without it, both are the server's.
func WithClock(ctx context.Context, now func() time.Time, zone *time.Location) context.Context {
	return context.WithValue(ctx, clockKey{}, clock{now, zone})
}

func clockOf(ctx context.Context) clock {
	if c, ok := ctx.Value(clockKey{}).(clock); ok {
		return c
	}
	return clock{time.Now, time.Local}
}

// Ago says how long ago t was: "just now", "40 s ago", "3 d ago", "3 Nov".
func Ago(ctx context.Context, t time.Time) string {
	c := clockOf(ctx)
	now := c.now()
	switch d := now.Sub(t); {
	case d < 5*time.Second:
		return T(ctx, "ui.ago.now")
	case d < 2*time.Minute:
		return T(ctx, "ui.ago.s", "N", int(d.Seconds()))
	case d < 2*time.Hour:
		return T(ctx, "ui.ago.min", "N", int(d.Minutes()))
	case d < 48*time.Hour:
		return T(ctx, "ui.ago.h", "N", int(d.Hours()))
	case d < 30*24*time.Hour:
		return T(ctx, "ui.ago.d", "N", int(d.Hours()/24))
	default:
		return Day(ctx, t)
	}
}

// Day is the date of t: "3 Nov", with the year when it is another one.
func Day(ctx context.Context, t time.Time) string {
	c := clockOf(ctx)
	t = t.In(c.zone)
	if t.Year() != c.now().In(c.zone).Year() {
		return t.Format("2 Jan 2006")
	}
	return t.Format("2 Jan")
}

const moment = "2 Jan 2006, 15:04:05"

// Moment is t to the second: "3 Nov 2026, 14:02:11".
func Moment(ctx context.Context, t time.Time) string {
	return t.In(clockOf(ctx).zone).Format(moment)
}

// Clock is the time of day of t: "14:02:11".
func Clock(ctx context.Context, t time.Time) string {
	return t.In(clockOf(ctx).zone).Format("15:04:05")
}

// Time is a moment in words that age by themselves ("2 min ago"); hovering
// gives the exact time. Older than a month it is a date.
func Time(t time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := w.Write(appendTime(ctx, nil, t))
		return err
	})
}

func appendTime(ctx context.Context, out []byte, t time.Time) []byte {
	out = append(out, `<time datetime="`...)
	out = t.UTC().AppendFormat(out, time.RFC3339)
	out = append(out, `" title="`...)
	out = appendMoment(out, t.In(clockOf(ctx).zone))
	out = append(out, `" data-ages>`...)
	out = append(out, Ago(ctx, t)...)
	return append(out, `</time>`...)
}

// appendMoment is AppendFormat(out, moment) at a quarter of its cost: a list has many.
func appendMoment(out []byte, t time.Time) []byte {
	y, m, d := t.Date()
	out = append(strconv.AppendInt(out, int64(d), 10), ' ')
	out = append(append(out, m.String()[:3]...), ' ')
	out = append(strconv.AppendInt(out, int64(y), 10), ',', ' ')
	hour, minute, second := t.Clock()
	two := func(n int) { out = append(out, byte('0'+n/10), byte('0'+n%10)) }
	two(hour)
	out = append(out, ':')
	two(minute)
	out = append(out, ':')
	two(second)
	return out
}

// At is a moment as an exact time, to the second.
func At(t time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<time datetime="`+t.UTC().Format(time.RFC3339)+`">`+Moment(ctx, t)+`</time>`)
		return err
	})
}

// agoWords hands the script the words it keeps Time up to date with.
func agoWords(ctx context.Context) string {
	return strings.Join([]string{
		T(ctx, "ui.ago.now"), T(ctx, "ui.ago.s", "N", "#"), T(ctx, "ui.ago.min", "N", "#"),
		T(ctx, "ui.ago.h", "N", "#"), T(ctx, "ui.ago.d", "N", "#"),
	}, "|")
}

// nowWord is the server's time, against which the script measures ages.
func nowWord(ctx context.Context) string {
	return clockOf(ctx).now().UTC().Format(time.RFC3339Nano)
}

// zoneName is the zone's name as browsers know it; empty for the server's own,
// whose name Go does not tell: then the browser's zone is used.
func zoneName(ctx context.Context) string {
	if name := clockOf(ctx).zone.String(); name != "Local" {
		return name
	}
	return ""
}
