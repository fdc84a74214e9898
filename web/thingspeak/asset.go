package thingspeak

import (
	_ "embed"
	"net/http"
	"strings"

	"halfkey/web/ui"
)

//go:embed assets/chart.css
var chartCSS []byte

//go:embed assets/chart.js
var chartJS []byte

var assets = ui.AssetsHandler()

// asset answers the files of the chart page, and all that is not known.
func (d *door) asset(c *call) {
	if strings.HasPrefix(c.r.URL.Path, ui.AssetsPath) {
		assets.ServeHTTP(c.w, c.r)
		return
	}
	switch strings.TrimPrefix(c.r.URL.Path, "/") {
	case "chart.css":
		answer(c.w, http.StatusOK, styleText, chartCSS)
	case "chart.js":
		answer(c.w, http.StatusOK, scriptText, chartJS)
	default:
		say(c.w, http.StatusNotFound, "-1")
	}
}
