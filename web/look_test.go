package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// lookedAt are the pages that a browser visits, with a name for the picture.
func lookedAt(s *webtest.Simpsons, device, channel string) map[string][2]string {
	return map[string][2]string{
		"home": {"homer", "/?org=" + string(s.Household)}, "start": {"homer", "/?org=" + string(s.Plant)}, "devices": {"homer", "/devices"},
		"cards": {"homer", "/devices?view=cards"}, "device": {"homer", "/devices/" + device}, "place": {"homer", "/devices/new"},
		"pending": {"homer", "/pending"}, "people": {"homer", "/people?org=" + string(s.Household)}, "orgs": {"homer", "/orgs"},
		"activity": {"homer", "/activity"}, "offboard": {"homer", "/devices/" + device + "/offboard"}, "missing": {"homer", "/nothing"},
		"channels": {"marge", "/c"}, "channel": {"marge", "/c/" + channel}, "keys": {"marge", "/k"}, "me": {"marge", "/me"}, "login": {"", "/login"},
		"register": {"", "/register"}, "enrol": {"", "/enrol"}, "platform": {"frink", "/"}, "api": {"homer", "/docs/api"}, "api-stranger": {"", "/docs/api"},
	}
}

// settled is a furnished house with four devices, of which three have measured,
// and a stranger at the door.
func settled(t *testing.T) (s *webtest.Simpsons, device, channel string) {
	s = furnished(t)
	for i, name := range []string{"Living room", "Kitchen", "Bathroom", "Cellar"} {
		d, key := s.Board(t, s.Household, "7474382734"+string(rune('2'+i)), name)
		if i > 0 {
			s.Measure(t, key, 60, 15*time.Second, 20+float64(i))
		}
		device, channel = string(d.ID), d.Channel
	}
	return s, device, channel
}

// browsing is a tab of a new browser, and where it finds the house: browsers
// keep the cookie on localhost.
func browsing(t *testing.T, h *webtest.House) (context.Context, string) {
	t.Helper()
	return uitest.Browser(t), strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
}

// signedIn is a tab in which that person is signed in; nobody where it is "".
func signedIn(t *testing.T, s *webtest.Simpsons, who string) (context.Context, string) {
	t.Helper()
	tab, base := browsing(t, s.House)
	if who != "" {
		signIn(t, tab, base, who)
	}
	return tab, base
}

func signIn(t *testing.T, tab context.Context, base, who string) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Navigate(base+"/login"), chromedp.WaitReady(chromedp.CSS("[name=password]"))); err != nil {
		t.Fatal(err)
	}
	fill := `document.querySelector("[name=email]").value = "` + who + `@simps.net"; document.querySelector("[name=password]").value = "` + webtest.Password + `"; 0`
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](fill)); err != nil {
		t.Fatal(err)
	}
	submits(t, tab, "form[action='/login']", ".avatar")
}

// submits sends a form and waits for what its answer shows.
func submits(t *testing.T, tab context.Context, form, shows string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelector("`+form+`").submit(); 0`)); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(tab, chromedp.WaitReady(chromedp.CSS(shows))); err != nil {
		t.Fatal(err)
	}
}

func TestEveryPageIsFitForEverybody(t *testing.T) {
	s, device, channel := settled(t)
	for _, who := range []string{"", "homer", "marge", "frink"} {
		t.Run("as "+who, func(t *testing.T) {
			t.Parallel()
			tab, base := signedIn(t, s, who)
			complaints := uitest.Complaints(t, tab)
			for name, page := range lookedAt(s, device, channel) {
				if page[0] == who {
					look(t, tab, name, base+page[1])
				}
			}
			for _, c := range complaints() {
				if !strings.Contains(c, "404") { // the page that is missing is one of them
					t.Error(c)
				}
			}
		})
	}
}

// look opens a page once and judges it in every colour and width.
func look(t *testing.T, tab context.Context, name, url string) {
	t.Helper()
	if err := chromedp.Do(tab, uitest.As("light", 1280), chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main"))); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, theme := range uitest.Themes {
		for _, width := range uitest.Widths {
			if err := chromedp.Do(tab, uitest.As(theme, width)); err != nil {
				t.Fatal(err)
			}
			picture(t, tab, fmt.Sprintf("%s-%s-%d", name, theme, width))
		}
	}
}

// picture judges what a tab shows, and keeps a picture of it where
// HALFKEY_TEST_PICTURES names a folder.
func picture(t *testing.T, tab context.Context, name string) {
	t.Helper()
	uitest.AxeHere(t, tab, name)
	dir := os.Getenv("HALFKEY_TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// waits until a page's expression is true; how soon is judged elsewhere, without a
// browser that shares the machine with all other tests.
func waits(t *testing.T, tab context.Context, expression string) {
	t.Helper()
	for range 400 {
		yes, err := chromedp.Run(tab, chromedp.Evaluate[bool](expression))
		if err == nil && yes {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector("main").innerText`))
	t.Fatalf("never true: %s\n%s", expression, text)
}

// What a phone's bar has no room for is in the menu at the top.
func TestEveryEntryIsOnAPhoneToo(t *testing.T) {
	tab, base := signedIn(t, furnished(t), "homer")
	if err := chromedp.Do(tab, uitest.As("dark", 390)); err != nil {
		t.Fatal(err)
	}
	goes(t, tab, base+"/", ".tabbar")
	seen := "[...document.querySelectorAll(`.tabbar a, .menu-more a`)].filter(a => a.checkVisibility()).map(a => a.getAttribute(`href`)).sort().join()"
	does(t, tab, "document.querySelector(`.avatar`).click()")
	waits(t, tab, seen+" === [...document.querySelectorAll(`.side nav a`)].map(a => a.getAttribute(`href`)).sort().join()")
	picture(t, tab, "phone-menu")
	does(t, tab, "document.querySelector(`.menu-more a[href^='/agents']`).click()")
	waits(t, tab, "location.pathname === `/agents`")
	if err := chromedp.Do(tab, uitest.As("light", 1280)); err != nil {
		t.Fatal(err)
	}
	waits(t, tab, seen+" === ``")
}
