package thingspeak

import (
	_ "embed"
	"net/http"
	"strings"
)

//go:embed assets/chart.css
var chartCSS []byte

//go:embed assets/chart.js
var chartJS []byte

func init() {
	for _, t := range []string{"text/css; charset=utf-8", "text/javascript; charset=utf-8"} {
		types[t] = []string{t}
	}
}

// asset answers the two files of the chart page, and all that is not known.
func (d *door) asset(c *call) {
	switch strings.TrimPrefix(c.r.URL.Path, "/") {
	case "chart.css":
		answer(c.w, http.StatusOK, "text/css; charset=utf-8", chartCSS)
	case "chart.js":
		answer(c.w, http.StatusOK, "text/javascript; charset=utf-8", chartJS)
	default:
		say(c.w, http.StatusNotFound, "-1")
	}
}
