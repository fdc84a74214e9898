// Package plot turns a channel's readings into a chart, for every page that
// shows one.
package plot

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/web/ui"
)

// Range is how far back a chart looks.
type Range struct {
	ID   string
	Span time.Duration
}

// Ranges are what people choose from.
var Ranges = []Range{{"15m", 15 * time.Minute}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour}}

// Until takes the end of a chart from a URL, in seconds since 1970; what is none,
// or not in the past, is now, as the zero time.
func Until(s string, now time.Time) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if at := time.Unix(n, 0); err == nil && n > 0 && at.Before(now) {
		return at
	}
	return time.Time{}
}

// copied is how long what comes at a service outside may take to be here.
const copied = 2 * time.Minute

// Points is how many a chart has at most.
const Points = 240

// Parse takes a range from a URL; what is none is one that fits the channel:
// the shortest that has its last reading in it.
func Parse(s string, last, now time.Time) Range {
	for _, r := range Ranges {
		if r.ID == s {
			return r
		}
	}
	for _, r := range Ranges {
		if now.Sub(last) < r.Span {
			return r
		}
	}
	return Ranges[len(Ranges)-1]
}

// Wish is the chart to draw.
type Wish struct {
	ID      string // of the figure
	Channel string
	Name    string // what it shows, for who cannot see it
	Summary channels.Summary
	Range   Range
	Link    func(r Range) string // where another range is; nil: no choice
	Src     string               // where the page's script has the points from; "": of the channel's page
	To      time.Time            // zero: now
	Below   bool
	Label   string // what the line is called beside another
}

// Draw reads the points and makes the chart. It asks no rights: the caller has.
func Draw(ctx context.Context, store *channels.Store, w Wish, now time.Time) (ui.Chart, error) {
	src := "/c/" + w.Channel + "/data?range=" + w.Range.ID
	if !w.To.IsZero() {
		now, src = w.To, src+"&to="+strconv.FormatInt(w.To.Unix(), 10)
	}
	points, err := Read(ctx, store, w.Channel, now.Add(-w.Range.Span), now)
	c := ui.Chart{ID: w.ID, Name: w.Name, Unit: w.Summary.Unit, Points: points, From: now.Add(-w.Range.Span), To: now,
		Src: cmp.Or(w.Src, src), Range: w.Range.ID, Below: w.Below, Label: w.Label}
	if w.Link != nil {
		for _, r := range Ranges {
			c.Ranges = append(c.Ranges, ui.Tab{ID: r.ID, Label: Label(ctx, r), Href: w.Link(r)})
		}
	}
	return c, err
}

// Label is the range in the viewer's language.
func Label(ctx context.Context, r Range) string {
	switch r.ID {
	case "15m":
		return ui.T(ctx, "household.range.15m")
	case "24h":
		return ui.T(ctx, "household.range.24h")
	case "7d":
		return ui.T(ctx, "household.range.7d")
	}
	return ui.T(ctx, "household.range.30d")
}

// Read gives the points of the channel's shown field between two times.
func Read(ctx context.Context, store *channels.Store, channel string, from, to time.Time) ([]ui.Point, error) {
	field, err := shown(ctx, store, channel)
	if errors.Is(err, connectors.ErrChannel) {
		return nil, nil // another service keeps its readings, and we have seen none yet
	}
	if err != nil {
		return nil, err
	}
	series, err := store.Series(ctx, channel, field, from, to, Points)
	if err != nil {
		return nil, err
	}
	points := make([]ui.Point, len(series))
	for i, p := range series {
		points[i] = ui.Point{At: p.At, Low: p.Min, Mean: p.Avg, High: p.Max, Count: p.Count}
	}
	return points, nil
}

// shown is the number (1 to 8) of the field that lists show too.
func shown(ctx context.Context, store *channels.Store, channel string) (int, error) {
	sums, err := store.Summaries(ctx, []string{channel})
	if err != nil {
		return 0, err
	}
	id, err := store.Number(ctx, channel)
	if err != nil {
		return 0, err
	}
	c, err := store.Find(ctx, id)
	if err != nil {
		return 0, err
	}
	for i, f := range c.Fields {
		if f.Name != "" && f.Name == sums[channel].FieldName {
			return i + 1, nil
		}
	}
	return 1, nil
}

// Fresh gives what came after the last call, for a chart that is open: it starts
// from the moment it is made.
func Fresh(store *channels.Store, channel string, now func() time.Time) func(context.Context) ([]ui.Point, error) {
	since := now().Add(-2 * time.Second) // what came while the page was drawn; the chart knows what it has
	if channels.Elsewhere(channel) {
		since = since.Add(-copied) // and what came there before it came here
	}
	return func(ctx context.Context) ([]ui.Point, error) {
		points, err := Read(ctx, store, channel, since, now())
		if len(points) > 0 {
			since = points[len(points)-1].At.Add(time.Microsecond)
		}
		return points, err
	}
}

// Value is a reading as pages show it: a number rounded, anything else as it came.
func Value(s channels.Summary) string {
	if s.LastValue == "" {
		return ""
	}
	if n, ok := channels.Number(s.LastValue); ok {
		return ui.Digits(n)
	}
	return s.LastValue
}

// AsOf is when the copy was made that is shown because there is no newer one; zero
// for anything that is as new as can be.
func AsOf(c connectors.Copy) time.Time {
	if !c.Stale {
		return time.Time{}
	}
	return c.At
}

// Heard is when the channel was last heard; zero if never.
func Heard(s channels.Summary) time.Time {
	if s.Heard.IsZero() {
		return s.LastAt
	}
	return s.Heard
}
