package thingspeak

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/web/ui/uitest"
)

// The address that the household's old page has in its frame draws here, framed
// from anywhere, with nothing from another host and nothing that the policy stops.
func TestTheOldChartAddressDrawsInAFrame(t *testing.T) {
	h := newHouse(t)
	for i, v := range []string{"21.5", "22.5", "21"} {
		h.ask(t, "GET", fmt.Sprintf("/update?api_key=WRITEKEY&field1=%s&created_at=%s", v, time.Now().UTC().Add(time.Duration(i-3)*time.Minute).Format(time.RFC3339)), "")
	}
	chart := h.fill("http://{host}/channels/CHANNEL/charts/1?api_key=READKEY&bgcolor=%23ffffff&color=%23d62020&dynamic=true&results=60&type=")
	house := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>Homer's page</title><link rel="icon" href="data:,"><iframe title="chart" width="450" height="260" src="%sline"></iframe>`, chart)
	}))
	defer house.Close()
	tab := uitest.Browser(t)
	complaints := uitest.Complaints(t, tab)
	must(t, chromedp.Do(tab, chromedp.Navigate(house.URL)))
	for _, kind := range []string{"line", "spline", "column", "step&timezone=Europe/Prague", "line&offset=2&width=auto"} {
		must(t, chromedp.Do(tab, chromedp.Navigate(chart+kind)))
		drawn, err := chromedp.Run(tab, chromedp.Evaluate[bool](`!!document.querySelector("#plot[role=img] canvas") && document.querySelector("canvas").width > 100`))
		if must(t, err); !drawn {
			t.Errorf("%s is not drawn", kind)
		}
		uitest.AxeHere(t, tab, kind)
	}
	for _, c := range complaints() {
		t.Error(c)
	}
}
