package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/web/ui/uitest"
)

// The whole of delight one: the page on which the key was shown becomes the
// device that arrived, without being loaded again.
func TestTheAddPageTurnsIntoTheArrivedDevice(t *testing.T) {
	s := furnished(t)
	s.Key(t, s.Household)
	tab, base := signedIn(t, s, "homer")
	complaints := uitest.Complaints(t, tab)
	if err := chromedp.Do(tab, uitest.As("light", 1280), chromedp.Navigate(base+"/devices/new?org="+string(s.Household)), chromedp.WaitReady(chromedp.CSS("form.narrow"))); err != nil {
		t.Fatal(err)
	}
	submits(t, tab, "form[action='/devices/new']", ".key-second")
	picture(t, tab, "add-listening")
	mark := `document.body.dataset.same = "yes"; 0`
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](mark)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // the stream is open
	_, key := s.Board(t, s.Household, "74743827342", "")
	waits(t, tab, `document.querySelector("#arrival").textContent.includes("Write key sealed and handed over")`)
	s.Measure(t, key, 1, time.Second, 21)
	waits(t, tab, `document.querySelector("#arrival").textContent.includes("First reading: ")`)
	waits(t, tab, `/made[^+]*\+\d\.\d s/.test(document.querySelector("#arrival").textContent)`) // after the call
	waits(t, tab, `document.querySelector("#add-steps .step-here") === null`)
	same, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.dataset.same || ""`))
	if err != nil || same != "yes" {
		t.Errorf("the page was loaded again: %v", err)
	}
	picture(t, tab, "add-arrived")
	if err := chromedp.Do(tab, uitest.As("dark", 390)); err != nil {
		t.Fatal(err)
	}
	picture(t, tab, "add-arrived-dark-390")
	for _, c := range complaints() {
		t.Error(c)
	}
}
