package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/connectors"
	"halfkey/devices"
	"halfkey/orgs"
	"halfkey/web/webtest"
)

// pair is a warm living room and a cellar whose humidity is written elsewhere on the scale.
func pair(t *testing.T) (s *webtest.Simpsons, room, cellar devices.View) {
	t.Helper()
	s = furnished(t)
	room, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 60, 15*time.Second, 21)
	made, err := s.Devices.MakeManual(s.AsHomer(t), devices.Sketch{Org: s.Household, Name: "Cellar", Kind: connectors.Humidity})
	if err != nil {
		t.Fatal(err)
	}
	s.Measure(t, made.WriteKey.Reveal(), 60, 15*time.Second, 64)
	if cellar, err = s.Devices.Get(s.AsHomer(t), made.ID); err != nil {
		t.Fatal(err)
	}
	return s, room, cellar
}

func TestTwoChannelsStandInOnePicture(t *testing.T) {
	s, room, cellar := pair(t)
	at, both := "/c/"+room.Channel, "/c/"+room.Channel+"?range=24h&with="+cellar.Channel
	alone := s.Marge.Get(t, at).Wants(t, 200).Says(t, "Compare with", `<option value="`+cellar.Channel+`"`).Silent(t, "chart-other")
	if strings.Count(alone.Body, "chart-line") != 1 {
		t.Error("one line is drawn as more")
	}
	p := s.Marge.Get(t, both).Wants(t, 200).Says(t, `id="compared"`, "chart-line chart-other", "Temperature of Living room, and Humidity of Cellar", "%", "Show alone", "with="+cellar.Channel+`"`)
	if strings.Count(p.Body, "chart-line") != 2 || strings.Count(p.Body, `class="chart-stats"`) != 2 || strings.Count(p.Body, `class="numbers"`) != 2 {
		t.Error("two lines want two lines, two rows of numbers and two tables")
	}
	hidden, key := s.Board(t, s.Plant, "74743827399", "Reactor")
	s.Measure(t, key, 5, 15*time.Second, 300)
	for _, other := range []string{hidden.Channel, room.Channel, "999", "x", "%00", strings.Repeat("9", 300)} {
		got := s.Marge.Get(t, at+"?with="+other).Wants(t, 200).Silent(t, "Reactor", "chart-other")
		if strings.Contains(got.Body, `id="compared"`) {
			t.Errorf("beside %s stands something", other)
		}
	}
}

// Both lines live, and the other goes when its channel does.
func TestAComparedChannelGoesWithTheRight(t *testing.T) {
	s, room, cellar := pair(t)
	lines := listen(t, s.Marge, s.URL+"/events?page=channels&id="+room.Channel+"&with="+cellar.Channel)
	hears(t, lines, "event: compared")
	if err := s.Devices.Move(s.AsHomer(t), cellar.ID, s.Plant, orgs.With{}); err != nil {
		t.Fatal(err)
	}
	hears(t, lines, "data: /c/"+room.Channel)
}

func TestAComparisonIsWalkedAlong(t *testing.T) {
	s, room, cellar := pair(t)
	tab, base := signedIn(t, s, "marge")
	look(t, tab, "compare", base+"/c/"+room.Channel+"?range=15m&with="+cellar.Channel)
	waits(t, tab, `document.querySelector("[data-plot] canvas") !== null`)
	if err := chromedp.Do(tab, chromedp.Focus(chromedp.CSS("[data-plot]"))); err != nil {
		t.Fatal(err)
	}
	said, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector("[data-plot]").dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowLeft", bubbles: true, cancelable: true})); document.querySelector("[data-spoken]").textContent`))
	if err != nil || !strings.Contains(said, "Living room  ") || !strings.Contains(said, "°C") || !strings.Contains(said, "Cellar  ") || !strings.Contains(said, "%") {
		t.Errorf("the crosshair says %q, %v", said, err)
	}
	lookHere(t, tab, "compare-walked")
}
