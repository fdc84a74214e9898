package thingspeak

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"halfkey/connectors/channels"
)

// A fold gathers entries by stretches of time: the first of each (timescale),
// their sum, average or median. What is no number is left out.
type fold struct {
	how   string // empty: nothing is gathered
	every time.Duration
	daily bool // by the days of the caller's zone
}

// foldings are the ways to gather, in the order in which they count.
var foldings = []string{"timescale", "sum", "average", "median"}

// stretches are the lengths that may be asked for, in minutes.
var stretches = []int{10, 15, 20, 30, 60, 240, 720, 1440}

func foldOf(p Params) (f fold) {
	for _, how := range foldings {
		text := p.Text(how)
		if strings.EqualFold(text, "daily") {
			return fold{how: how, daily: true}
		}
		if n, err := strconv.Atoi(text); err == nil && slices.Contains(stretches, n) {
			return fold{how: how, every: time.Duration(n) * time.Minute}
		}
	}
	return fold{}
}

// floor is when the stretch began that t lies in.
func (f fold) floor(t time.Time, zone *time.Location) time.Time {
	if f.daily {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, zone)
	}
	return t.Truncate(f.every)
}

func (f fold) next(t time.Time) time.Time {
	if f.daily {
		return t.AddDate(0, 0, 1)
	}
	return t.Add(f.every)
}

// rows gathers entries, oldest first. A stretch without any has an empty row,
// unless that would make the answer longer than a reading can be.
func (f fold) rows(rows []channels.Row, zone *time.Location) []channels.Row {
	if f.how == "" || len(rows) == 0 {
		return rows
	}
	var out []channels.Row
	gaps := f.stretches(rows, zone) <= channels.MaxRows
	for start := 0; start < len(rows); {
		at := f.floor(rows[start].Created, zone)
		end := start + 1
		for end < len(rows) && f.floor(rows[end].Created, zone).Equal(at) {
			end++
		}
		for n := len(out); gaps && n > 0 && f.next(out[n-1].Created).Before(at); n++ {
			out = append(out, channels.Row{Created: f.next(out[n-1].Created)})
		}
		out = append(out, f.row(at, rows[start:end]))
		start = end
	}
	return out
}

// stretches is about how many lie between the first and the last row.
func (f fold) stretches(rows []channels.Row, zone *time.Location) int64 {
	long := f.every
	if f.daily {
		long = 24 * time.Hour
	}
	return int64(f.floor(rows[len(rows)-1].Created, zone).Sub(f.floor(rows[0].Created, zone))/long) + 1
}

func (f fold) row(at time.Time, rows []channels.Row) channels.Row {
	if f.how == "timescale" {
		first := rows[0]
		first.Entry, first.Created = 0, at
		return first
	}
	out := channels.Row{Created: at}
	for i := range out.Fields {
		var numbers []float64
		for _, r := range rows {
			if v := r.Fields[i]; v != nil {
				if n, ok := channels.Number(*v); ok {
					numbers = append(numbers, n)
				}
			}
		}
		if len(numbers) > 0 {
			if n := f.number(numbers); !math.IsInf(n, 0) {
				text := strconv.FormatFloat(n, 'f', -1, 64)
				out.Fields[i] = &text
			}
		}
	}
	return out
}

func (f fold) number(numbers []float64) float64 {
	switch f.how {
	case "median":
		slices.Sort(numbers)
		middle := len(numbers) / 2
		if len(numbers)%2 == 1 {
			return numbers[middle]
		}
		return numbers[middle-1]/2 + numbers[middle]/2
	case "average":
		return sum(numbers) / float64(len(numbers))
	}
	return sum(numbers)
}

func sum(numbers []float64) (s float64) {
	for _, n := range numbers {
		s += n
	}
	return s
}

// lastFold are the paths of the newest stretch alone.
var lastFold = map[string]string{"last_average": "average", "last_median": "median", "last_sum": "sum"}

// lastFolded answers the newest stretch, ten minutes long unless said otherwise.
func (d *door) lastFolded(c *call, ch channels.Channel, q reading, how string) {
	if q.fold.how != how {
		q.fold = fold{how: how, every: 10 * time.Minute}
	}
	rows, err := d.picked(c, ch, q)
	switch {
	case err != nil:
		say(c.w, d.statusOf(c, err), "-1")
	case len(rows) == 0:
		answer(c.w, http.StatusOK, contentType(c.format, plainText), []byte("-1"))
	default:
		c.one(http.StatusOK, "feed", rowOf(ch, &rows[len(rows)-1], q), jsonText)
	}
}
