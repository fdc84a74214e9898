package main

import (
	"bytes"
	"image/png"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTheDemoTellsTheStoryWithAnotherHalfkeyAsThingSpeak(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	settings := []string{"DATA=" + data, "LISTEN_THINGSPEAK=127.0.0.1:0"}
	p := startAs(t, settings, "serve", "--demo", "--provider", "thingspeak", "--data", data)
	p.says(t, "Ctrl-C ends the demo")
	said := p.said.String()
	told := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(said)
		if m == nil {
			t.Fatalf("the demo does not say %s:\n%s", pattern, said)
		}
		return m[1]
	}
	account, other := told(`reads his account key there: ([A-Z0-9]{16})`), told(`the account key ([A-Z0-9]{16}), of an account with four channels`)
	channel := told(`#5a ThingSpeak has made channel (\d+) for 74743827343`)
	told(`(202 at once: the channel is being made at ThingSpeak. 74743827343 comes again in 5s)`)
	if n := strings.Count(said, "#6 "); n != 4 {
		t.Errorf("%d thermometers write", n)
	}

	// The key that a person types in is tried on the form.
	b := newBrowser(t)
	there := told(`which a second Halfkey plays at (http://127\.0\.0\.1:\d+)`)
	for key, says := range map[string]string{other: "ThingSpeak answers; you have 4 channels left", "AAAABBBBCCCCDDDD": "refuses this account key"} {
		if _, text := b.post(p.url("/register"), url.Values{"do": {"check"}, "account_at": {there}, "account_key": {key}}); !strings.Contains(text, says) || strings.Contains(text, key) {
			t.Errorf("the form does not say %q", says)
		}
	}
	b.signIn(p, "homer@simps.net", p.password(t, "homer@simps.net"))
	if text := b.page(p.url("/connectors")); !strings.Contains(text, strings.TrimPrefix(there, "http://")) || strings.Contains(text, account) {
		t.Error("Homer's connector is not shown, or its key is")
	}
	page := regexp.MustCompile(`/devices/[0-9a-z]{20}`).FindString(b.page(p.url("/devices?q=74743827343")))
	b.page(p.url(page))

	// What the seed's iframe held is drawn in a frame of another site.
	site := told(`Homer's own site, (http://localhost:\d+)`)
	if text := b.page(site); !strings.Contains(text, "/channels/"+channel+"/charts/1?api_key=") || strings.Count(text, "<iframe ") != 4 {
		t.Errorf("Homer's site:\n%s", text)
	}
	homer := sitDown(t, "Homer", "light", 800)
	homer.do(chromedp.Navigate(site), chromedp.WaitReady(chromedp.CSS("iframe")))
	for range 100 {
		if red(t, homer) > 200 {
			break
		}
	}
	if n := red(t, homer); n <= 200 {
		t.Errorf("no line is drawn in the frames: %d dots of it", n)
	}

	p.stop(t)
	if res, err := http.Get(there + "/channels.json"); err == nil {
		res.Body.Close()
		t.Error("ThingSpeak outlives the demo")
	}
}

// red counts the dots on the screen that have the colour of the charts' line.
func red(t *testing.T, p *person) (n int) {
	t.Helper()
	shot, err := chromedp.Run(p.tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if r, g, b, _ := m.At(x, y).RGBA(); r>>8 > 190 && g>>8 < 80 && b>>8 < 80 {
				n++
			}
		}
	}
	return n
}
