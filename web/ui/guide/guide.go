// Package guide shows every part of ui on pages like the real ones, for tests and
// for eyes. The program does not hold it; its words and readings are made up.
package guide

import (
	"math"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/boombuler/barcode/qr"

	"halfkey/web/ui"
)

// Pages are the guide's pages by path.
var Pages = map[string]templ.Component{
	"/":         home(),
	"/device":   device(),
	"/add":      add(),
	"/channels": channels(),
	"/login":    login(),
	"/parts":    parts(),
	"/error":    trouble(),
	"/enrol":    enrol(),
	"/secret":   secret(),
	"/table":    table(),
}

// Now is the guide's present.
var Now = time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)

// Handler serves the guide with the policy that real pages have.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(ui.AssetsPath, ui.AssetsHandler())
	mux.HandleFunc("/data", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(ui.ChartPoints("", readings(21.4))))
	})
	mux.HandleFunc("/events", events)
	for path, page := range Pages {
		if path == "/" {
			path = "/{$}"
		}
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", ui.CSP)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			ctx := ui.WithClock(r.Context(), func() time.Time { return Now }, time.UTC)
			if err := page.Render(ctx, w); err != nil {
				panic(err)
			}
		})
	}
	return mux
}

// events changes a tick and adds a reading, once, and stays open.
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ctx := ui.WithClock(r.Context(), func() time.Time { return Now }, time.UTC)
	ui.WriteEvent(w, "arrival", render(ctx, ui.Ticks("arrival", arrived)))
	ui.WriteEvent(w, "nobody", "<p id=\"nobody\">not on the page</p>")
	ui.WriteEvent(w, "chart", ui.ChartPoints("temperature", []ui.Point{raw(Now.Add(5*time.Second), 22.9)}))
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

var arrived = []ui.Tick{
	{Text: "Called with the first half", When: "11:42:03", State: "done"},
	{Text: "Channel 142770 made", When: "+0.4 s", State: "done"},
	{Text: "Write key sealed and handed over", When: "+0.5 s", State: "done"},
	{Text: "First reading: 21.4 °C", When: "+16 s", State: "done"},
}

// readings is a quarter of an hour of temperature around a level.
func readings(level float64) []ui.Point {
	var out []ui.Point
	for i := range 180 {
		x := float64(i)
		v := level + 0.8*math.Sin(x/34-0.4) + 0.5*math.Sin(x/13) + 0.12*math.Sin(x*1.9)
		out = append(out, raw(Now.Add(time.Duration(i-180)*5*time.Second), math.Round(v*10)/10))
	}
	return out
}

// raw is the point of a single reading.
func raw(at time.Time, v float64) ui.Point {
	return ui.Point{At: at, Low: v, Mean: v, High: v, Count: 1}
}

func values(points []ui.Point) []float64 {
	var out []float64
	for i := 0; i < len(points); i += 6 {
		out = append(out, points[i].Mean)
	}
	return out
}

func temperature(below bool) ui.Chart {
	return ui.Chart{
		ID: "temperature", Name: "Temperature of Living room", Unit: "°C",
		Points: readings(21.4), From: Now.Add(-15 * time.Minute), To: Now, Src: "/data", Below: below,
		Ranges: []ui.Tab{{ID: "15m", Label: "15 min", Href: "?range=15m"}, {ID: "24h", Label: "24 h", Href: "?range=24h"},
			{ID: "7d", Label: "7 d", Href: "?range=7d"}, {ID: "30d", Label: "30 d", Href: "?range=30d"}},
		Range: "15m",
	}
}

func owner(active string) ui.Page {
	return ui.Page{
		Title: "Household", Active: active, Viewer: &ui.Viewer{Name: "Homer", Role: "Owner"},
		Crumbs: []ui.Crumb{{Name: "The Simpsons", Href: "/?org=1"}, {Name: "Household", Href: "/?org=2"}},
		Orgs:   []ui.Crumb{{Name: "The Simpsons", Href: "/?org=1"}, {Name: "Household", Href: "/?org=2"}, {Name: "Power plant", Href: "/?org=3"}},
		Nav: []ui.NavItem{
			{ID: "home", Label: "Home", Icon: "house", Href: "/"},
			{ID: "devices", Label: "Devices", Icon: "cpu", Href: "/device", Count: 1},
			{ID: "channels", Label: "Channels", Icon: "activity", Href: "/channels"},
			{ID: "people", Label: "People", Icon: "users", Href: "/parts"},
			{ID: "activity", Label: "Activity", Icon: "scroll-text", Href: "/error"},
		},
		RegKey: &ui.MaskedKey{First: "HQ481047", Href: "/add"},
		Stream: "/events",
	}
}

// code is the QR code of a text as an SVG path.
func code(text string) (path string, size int) {
	c, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		panic(err)
	}
	return ui.QRPath(c)
}
