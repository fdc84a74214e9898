package main

import (
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// Homer's own site is no page of Halfkey's: it shows ThingSpeak's charts by their
// URLs with a read key, in frames, as people did before they had pages of their own.
var framed = template.Must(template.New("site").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Homer's thermometers</title>
<h1>Homer's thermometers</h1>
<p>Charts of ThingSpeak, which a second Halfkey plays at {{.At}}. Each frame holds nothing but the URL under it.</p>
{{range .Charts}}<h2>{{.Name}}</h2>
<iframe width="450" height="260" title="{{.Name}}" src="{{.URL}}"></iframe>
<p><a href="{{.URL}}"><code>{{.URL}}</code></a></p>
{{else}}<p>No channel has been made yet. Load this page again in a moment.</p>
{{end}}</html>
`))

type framedChart struct{ Name, URL string }

// show puts Homer's site behind its door.
func (n *neighbour) show() {
	n.page.server = &http.Server{ReadHeaderTimeout: headerTime, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list, err := n.homers(r.Context())
		if err != nil {
			http.Error(w, "The channels cannot be listed.", http.StatusInternalServerError)
			return
		}
		at := n.seenFrom(r)
		var charts []framedChart
		for _, c := range list {
			charts = append(charts, framedChart{c.Name, at + "/channels/" + c.ID.String() + "/charts/1?" + url.Values{"api_key": {c.ReadKey.Reveal()},
				"bgcolor": {"#ffffff"}, "color": {"#d62020"}, "dynamic": {"true"}, "results": {"60"}, "type": {"line"}}.Encode()})
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		_ = framed.Execute(w, map[string]any{"At": at, "Charts": charts}) // a browser that has gone misses nothing
	})}
	go n.page.server.Serve(n.page.listener)
}

// seenFrom is the neighbour's door as whoever looks at the site reaches it.
func (n *neighbour) seenFrom(r *http.Request) string {
	_, port, _ := net.SplitHostPort(n.house.config.Listen.ThingSpeak)
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (n *neighbour) siteURL() string { return "http://localhost:" + strconv.Itoa(n.page.port()) }
