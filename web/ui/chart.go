package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Point is one reading, or many rolled up into one.
type Point struct {
	At              time.Time
	Low, Mean, High float64
	Count           int // of readings in it; 0 counts as 1
}

// MarshalJSON writes [seconds since 1970, low, mean, high], as chart.js reads it.
func (p Point) MarshalJSON() ([]byte, error) {
	return json.Marshal([4]float64{float64(p.At.UnixMilli()) / 1000, p.Low, p.Mean, p.High})
}

// ChartData is the answer behind Chart.Src.
type ChartData struct {
	Points []Point `json:"points"`
}

// ChartPoints is the data of the live event "chart": points to add to the chart of that id.
func ChartPoints(id string, points []Point) string {
	b, _ := json.Marshal(struct {
		ID     string  `json:"id"`
		Points []Point `json:"points"`
	}{id, points})
	return string(b)
}

// Chart is a line over time in an accessible frame: a named figure, the lowest,
// average and highest value, and the numbers as a table. The line is drawn by
// the server; chart.js makes it one to walk along with the arrow keys.
type Chart struct {
	ID       string // of the figure, unique on the page
	Name     string // what it shows: "Temperature of Living room"
	Unit     string
	Points   []Point // oldest first
	From, To time.Time
	Src      string // URL of a ChartData with the same points, newer ones too
	Ranges   []Tab  // 15 min, 24 h, ...; links
	Range    string // ID of the one shown
	Below    bool   // ranges under the numbers, as on a viewer's phone
	Label    string // what the picture calls the line where there are two
	With     *Chart // another line in the same picture; its ranges are this one's
}

func (c Chart) Render(ctx context.Context, w io.Writer) error { return chart(c).Render(ctx, w) }

// Number writes a value with its unit, with one decimal, or none when it is large.
func Number(v float64, unit string) string {
	s := Digits(v)
	if unit == "" {
		return s
	}
	return s + " " + unit
}

// Digits writes a value as pages show it: one decimal below a thousand, none from there on.
func Digits(v float64) string {
	if math.Abs(v) >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// summary of all points: lowest, mean weighted by count, highest.
func (c Chart) summary() Point {
	return roll(c.Points)
}

func roll(points []Point) Point {
	out := Point{Low: math.Inf(1), High: math.Inf(-1)}
	sum := 0.0
	for _, p := range points {
		n := max(1, p.Count)
		out.Low, out.High = min(out.Low, p.Low), max(out.High, p.High)
		sum += p.Mean * float64(n)
		out.Count += n
	}
	if len(points) > 0 {
		out.At, out.Mean = points[0].At, sum/float64(out.Count)
	}
	return out
}

// rows rolls the points up into at most a dozen lines of the table, newest first.
func (c Chart) rows() []Point {
	const most = 12
	step := (len(c.Points) + most - 1) / most
	var out []Point
	for end := len(c.Points); end > 0; end -= step {
		out = append(out, roll(c.Points[max(0, end-step):end]))
	}
	return out
}

// span is the time and the values that the picture covers, and how much room it
// leaves at the right.
type span struct{ from, to, low, high, right float64 }

func (c Chart) span() span { return c.spanOf(c.summary()) }

func (c Chart) spanOf(all Point) span {
	s := span{float64(c.From.Unix()), float64(c.To.Unix()), all.Low, all.High, chartRight}
	if c.From.IsZero() {
		s.from, s.to = float64(c.Points[0].At.Unix()), float64(c.Points[len(c.Points)-1].At.Unix())
	}
	pad := max((s.high-s.low)*0.18, 0.5)
	s.low, s.high = s.low-pad, s.high+pad
	s.to = max(s.to, s.from+1)
	return s
}

// The picture's own units: the plot lies right of the scale and above the times.
const chartW, chartH, chartLeft, chartRight, chartTop, chartBottom = 620.0, 290.0, 36.0, 14.0, 10.0, 30.0

func (s span) x(t float64) float64 {
	return chartLeft + (t-s.from)/(s.to-s.from)*(chartW-chartLeft-s.right)
}

func (s span) y(v float64) float64 {
	return chartTop + (s.high-v)/(s.high-s.low)*(chartH-chartTop-chartBottom)
}

func (c Chart) line(s span) string {
	var out strings.Builder
	for i, p := range c.Points {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(short(s.x(float64(p.At.UnixMilli())/1000)) + "," + short(s.y(p.Mean)))
	}
	return out.String()
}

func (c Chart) area(s span) string {
	first, last := c.Points[0], c.Points[len(c.Points)-1]
	base := "," + short(chartH-chartBottom)
	return short(s.x(float64(first.At.Unix()))) + base + " " + c.line(s) + " " + short(s.x(float64(last.At.UnixMilli())/1000)) + base
}

// mark is a line of the scale, or a time under the picture.
type mark struct{ at, label string }

func (s span) scale() []mark {
	step := nice((s.high - s.low) / 4)
	var out []mark
	for v := math.Ceil(s.low/step) * step; v <= s.high; v += step {
		digits := 0
		if step < 1 {
			digits = 1
		}
		out = append(out, mark{short(s.y(v)), strconv.FormatFloat(v, 'f', digits, 64)})
	}
	return out
}

// nice rounds a step up to 1, 2 or 5 times a power of ten.
func nice(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*p >= v {
			return m * p
		}
	}
	return 10 * p
}

func (s span) times(ctx context.Context) []mark {
	format := "15:04"
	if s.to-s.from > 2*86400 {
		format = "2 Jan"
	}
	var out []mark
	for _, part := range []float64{0.28, 0.62, 0.95} {
		t := s.from + part*(s.to-s.from)
		at := time.Unix(int64(t), 0).In(clockOf(ctx).zone)
		out = append(out, mark{short(s.x(t)), at.Format(format)})
	}
	return out
}

func (c Chart) last(s span) (x, y string) {
	p := c.Points[len(c.Points)-1]
	return short(s.x(float64(p.At.UnixMilli()) / 1000)), short(s.y(p.Mean))
}

// when is a table row's time, as exact as the range needs.
func (c Chart) when(ctx context.Context, t time.Time) string {
	t = t.In(clockOf(ctx).zone)
	switch s := c.span(); {
	case s.to-s.from > 2*86400:
		return t.Format("2 Jan, 15:04")
	case s.to-s.from > 3600:
		return t.Format("15:04")
	default:
		return t.Format("15:04:05")
	}
}

// seconds of the range, for chart.js to drop what leaves it.
func (c Chart) seconds() string {
	if c.From.IsZero() {
		return "0"
	}
	return fmt.Sprint(int(c.To.Sub(c.From).Seconds()))
}

var chartScripts = templ.NewOnceHandle()
