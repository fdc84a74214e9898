package thingspeak

import (
	"math"
	"strconv"
	"strings"
	"time"

	"halfkey/connectors/channels"
)

// What a reading without any range gets: the last day, at most 100 rows.
const (
	usualSpan = 24 * time.Hour
	usualRows = 100
	maxDays   = 365 * 100
)

// what is read of an entry.
type what int

const (
	entries  what = iota // all fields
	values               // one field
	statuses             // the status alone
)

// A reading is what is wanted of a channel's entries and how.
type reading struct {
	channels.Query
	of       what
	fold     fold
	zone     *time.Location
	field    int // 1 to 8, or 0 for all
	status   bool
	location bool
	metadata bool
	min, max float64 // rows with a number outside are left out
	round    int     // decimals, or -1
}

// readingOf never fails: what cannot be read is as if it were not there.
func readingOf(p Params, now time.Time) reading {
	q := reading{zone: zoneOf(p), status: p.True("status"), location: p.True("location"), metadata: p.True("metadata"),
		min: bound(p, "min", math.Inf(-1)), max: bound(p, "max", math.Inf(1)), round: -1}
	if n, ok := whole(p, "round"); ok && n <= 15 {
		q.round = n
	}
	q.fold = foldOf(p)
	n, results := whole(p, "results")
	if results {
		q.Results = min(n, channels.MaxRows)
	}
	ranged := false
	if n, ok := whole(p, "minutes"); ok {
		q.Start, ranged = now.Add(-time.Duration(min(n, maxDays*1440))*time.Minute), true
	}
	if n, ok := whole(p, "days"); ok {
		q.Start, ranged = now.AddDate(0, 0, -min(n, maxDays)), true
	}
	if t, ok := channels.ParseTime(p.Text("start"), q.zone, now); ok {
		q.Start, ranged = t, true
	}
	if t, ok := channels.ParseTime(p.Text("end"), q.zone, now); ok {
		q.End = t.Add(time.Second - time.Microsecond) // the whole second
		if !ranged && !results {
			q.Start, ranged = t.Add(-usualSpan), true
		}
	}
	if !ranged && !results {
		q.Start, q.Results = now.Add(-usualSpan), usualRows
	}
	return q
}

func whole(p Params, name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(p.Text(name)))
	return n, err == nil && n >= 0
}

func bound(p Params, name string, none float64) float64 {
	if n, ok := channels.Number(p.Text(name)); ok {
		return n
	}
	return none
}

// keeps tells whether the row's numbers lie within the bounds.
func (q reading) keeps(r *channels.Row) bool {
	if q.of == statuses {
		return r.Status != nil
	}
	if math.IsInf(q.min, -1) && math.IsInf(q.max, 1) {
		return true
	}
	for i, v := range r.Fields {
		if v == nil || q.field != 0 && q.field != i+1 {
			continue
		}
		if n, ok := channels.Number(*v); ok && (n < q.min || n > q.max) {
			return false
		}
	}
	return true
}

// value is a field's value, rounded if that is wanted and it is a number.
func (q reading) value(v *string) *string {
	if v == nil || q.round < 0 {
		return v
	}
	n, ok := channels.Number(*v)
	if !ok {
		return v
	}
	s := strconv.FormatFloat(n, 'f', q.round, 64)
	return &s
}
