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

// asset answers the two files of the chart page, and all that is not known.
func (d *door) asset(c *call) {
	switch strings.TrimPrefix(c.r.URL.Path, "/") {
	case "chart.css":
		answer(c.w, http.StatusOK, styleText, chartCSS)
	case "chart.js":
		answer(c.w, http.StatusOK, scriptText, chartJS)
	default:
		say(c.w, http.StatusNotFound, "-1")
	}
}
