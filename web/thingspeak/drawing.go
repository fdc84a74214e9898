package thingspeak

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"halfkey/connectors/channels"
)

// A drawing is a chart as its page shows it. Numbers are ready for attributes.
type drawing struct {
	Title, Label   string // Label says the same as the picture
	XAxis, YAxis   string
	Color, Ground  string // as SVG wants them, checked
	Width, Height  int
	Auto           bool // as wide as the frame
	Update         int  // seconds between looks, 0 for never
	Line           string
	Bars           []bar
	Dots           []dot
	Across, Up     []tick
	Left, Right    float64
	Top, Bottom    float64
	Empty          bool
	MiddleX, Below float64
	plotted        plotted
}

// plotted is the same for the script that makes the picture one to look into.
type plotted struct {
	Times  []float64 `json:"times"` // seconds since 1970
	Values []float64 `json:"values"`
	Type   string    `json:"type"` // line, spline, bar, column or step
	Title  string    `json:"title"`
	XAxis  string    `json:"xaxis"`
	YAxis  string    `json:"yaxis"`
	Color  string    `json:"color"`
	Ground string    `json:"ground"`
	Low    *float64  `json:"low"` // of the axis, where it was asked for
	High   *float64  `json:"high"`
	Zone   string    `json:"zone"`   // by name; empty: see offset
	Offset *int      `json:"offset"` // seconds from UTC; null: the viewer's own
	Width  int       `json:"width"`
	Height int       `json:"height"`
	Auto   bool      `json:"auto"`
}

// data is JSON: nothing that a caller said ever becomes script.
func (d drawing) data() string {
	b, err := json.Marshal(d.plotted)
	if err != nil {
		return "{}" // a number that JSON does not have
	}
	return string(b)
}

type bar struct{ X, Y, Width, Height float64 }
type dot struct{ X, Y float64 }
type tick struct {
	At   float64
	Text string
}

// point is a reading that is a number.
type point struct {
	at time.Time
	n  float64
}

func newDrawing(ch channels.Channel, q reading, rows []channels.Row, p Params) drawing {
	d := drawing{
		Title: cmp.Or(p.Text("title"), ch.Name), XAxis: cmp.Or(p.Text("xaxis"), "Date"),
		YAxis: cmp.Or(p.Text("yaxis"), ch.Fields[q.field-1].Name, "Field "+strconv.Itoa(q.field)),
		Color: color(p.Text("color"), "#d62020"), Ground: color(p.Text("bgcolor"), "#ffffff"),
		Width: size(p.Text("width"), 450), Height: size(p.Text("height"), 250), Auto: p.Text("width") == "auto",
	}
	if p.True("dynamic") {
		d.Update = 15
		if n, ok := whole(p, "update"); ok {
			d.Update = max(n, 5)
		}
	}
	d.Left, d.Right, d.Top, d.Bottom = 58, float64(d.Width)-16, 36, float64(d.Height)-46
	d.MiddleX, d.Below = (d.Left+d.Right)/2, float64(d.Height)-8
	d.plotted = plotted{Type: chartType(p), Title: d.Title, XAxis: d.XAxis, YAxis: d.YAxis, Color: d.Color, Ground: d.Ground,
		Low: given(p, "yaxismin"), High: given(p, "yaxismax"), Width: d.Width, Height: d.Height, Auto: d.Auto}
	if p.Text("offset") != "" || p.Text("timezone") != "" {
		if d.plotted.Zone = q.zone.String(); d.plotted.Zone == "" {
			_, offset := time.Time{}.In(q.zone).Zone()
			d.plotted.Offset = &offset
		}
	}
	d.plot(pointsOf(q, rows), q.zone, p)
	return d
}

func chartType(p Params) string {
	switch t := strings.ToLower(p.Text("type")); {
	case p.True("step"):
		return "step"
	case t == "spline" || t == "bar" || t == "column" || t == "step":
		return t
	}
	return "line"
}

func given(p Params, name string) *float64 {
	if n, ok := channels.Number(p.Text(name)); ok {
		return &n
	}
	return nil
}

func pointsOf(q reading, rows []channels.Row) (points []point) {
	for i := range rows {
		v := rows[i].Fields[q.field-1]
		if v == nil {
			continue
		}
		if n, ok := channels.Number(*q.value(v)); ok {
			points = append(points, point{rows[i].Created, n})
		}
	}
	return points
}

// maxPlotted bounds the page; more points than that are not seen anyway.
const maxPlotted = 2000

func (d *drawing) plot(points []point, zone *time.Location, p Params) {
	d.Label = d.Title + ", " + d.YAxis
	if d.Empty = len(points) == 0; d.Empty {
		d.Label += ": no readings yet"
		return
	}
	if step := (len(points) + maxPlotted - 1) / maxPlotted; step > 1 {
		kept := points[:0]
		for i := 0; i < len(points); i += step {
			kept = append(kept, points[i])
		}
		points = kept
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, pt := range points {
		low, high = min(low, pt.n), max(high, pt.n)
		d.plotted.Times = append(d.plotted.Times, float64(pt.at.UnixMilli())/1000)
		d.plotted.Values = append(d.plotted.Values, pt.n)
	}
	last := points[len(points)-1]
	d.Label += ": " + strconv.Itoa(len(points)) + " readings from " + number(low) + " to " + number(high) + ", the last " +
		number(last.n) + " at " + last.at.In(zone).Format("2006-01-02 15:04")
	bars := p.Text("type") == "bar" || p.Text("type") == "column"
	if bars {
		low, high = min(low, 0), max(high, 0)
	}
	low, high = bound(p, "yaxismin", low), bound(p, "yaxismax", high)
	if !(high > low) || high-low > 1e300 {
		low, high = low-1, low+1
	}
	var step float64
	low, high, step = nice(low, high, p)
	first, span := points[0].at, max(last.at.Sub(points[0].at), time.Second)
	x := func(t time.Time) float64 {
		return d.Left + 6 + (d.Right-d.Left-12)*float64(t.Sub(first))/float64(span)
	}
	y := func(n float64) float64 {
		return d.Bottom - (d.Bottom-d.Top)*(min(max(n, low), high)-low)/(high-low)
	}
	for n := math.Ceil(low/step) * step; n <= high+step/1e6 && len(d.Up) < 12; n += step {
		d.Up = append(d.Up, tick{y(n), number(math.Round(n/step) * step)})
	}
	d.hours(first, last.at, zone, x)
	if bars {
		width := max((d.Right-d.Left)/float64(len(points))*0.7, 1)
		for _, pt := range points {
			top, foot := y(max(pt.n, 0)), y(min(pt.n, 0))
			d.Bars = append(d.Bars, bar{max(x(pt.at)-width/2, d.Left), top, min(width, d.Right-d.Left), foot - top})
		}
		return
	}
	var line strings.Builder
	for _, pt := range points {
		line.WriteString(place(x(pt.at)) + "," + place(y(pt.n)) + " ")
		if len(points) <= 100 {
			d.Dots = append(d.Dots, dot{x(pt.at), y(pt.n)})
		}
	}
	d.Line = strings.TrimSuffix(line.String(), " ")
}

// hours marks the time axis, as many marks as have room.
func (d *drawing) hours(first, last time.Time, zone *time.Location, x func(time.Time) float64) {
	layout, span := "15:04", last.Sub(first)
	switch {
	case span > 36*time.Hour:
		layout = "2 Jan"
	case span < 5*time.Minute:
		layout = "15:04:05"
	}
	marks := max(min(int((d.Right-d.Left)/80), 8), 1)
	for i := range marks + 1 {
		at := first.Add(span * time.Duration(i) / time.Duration(marks))
		text := at.In(zone).Format(layout)
		if n := len(d.Across); n > 0 && d.Across[n-1].Text == text {
			continue
		}
		d.Across = append(d.Across, tick{x(at), text})
	}
}

// nice widens the bounds to whole steps of 1, 2 or 5, but not those that were asked for.
func nice(low, high float64, p Params) (float64, float64, float64) {
	raw := (high - low) / 5
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if step*m >= raw {
			step *= m
			break
		}
	}
	if p.Text("yaxismin") == "" {
		low = math.Floor(low/step) * step
	}
	if p.Text("yaxismax") == "" {
		high = math.Ceil(high/step) * step
	}
	return low, high, step
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', 6, 64) }
func place(n float64) string  { return strconv.FormatFloat(n, 'f', 1, 64) }

// color takes a name or hexadecimal digits, whose # may be missing.
func color(s, usual string) string {
	bare := strings.TrimPrefix(s, "#")
	if (len(bare) == 3 || len(bare) == 6) && strings.Trim(bare, "0123456789abcdefABCDEF") == "" {
		return "#" + bare
	}
	if len(s) < 3 || len(s) > 24 || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz") != "" {
		return usual
	}
	return s
}

func size(s string, usual int) int {
	if n, err := strconv.Atoi(strings.TrimSuffix(s, "px")); err == nil {
		return min(max(n, 150), 4000)
	}
	return usual
}
