package guide_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"halfkey/web/ui"
	"halfkey/web/ui/guide"
	"halfkey/web/ui/uitest"
)

// tab opens a page of the guide and fails the test at the end if the browser
// had anything to complain of.
func tab(t *testing.T, path string) context.Context {
	t.Helper()
	browser := uitest.Browser(t)
	srv := httptest.NewServer(guide.Handler())
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	complaints := uitest.Complaints(t, browser)
	if err := chromedp.Do(browser, uitest.As("light", 1280), chromedp.Navigate(srv.URL+path)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range complaints() {
			t.Error(c)
		}
	})
	return browser
}

func wait(t *testing.T, ctx context.Context, condition string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](condition)); err == nil && ok {
			return // an error is a page that is just going
		}
	}
	t.Fatalf("never: %s", condition)
}

func TestTicksArriveByThemselves(t *testing.T) {
	ctx := tab(t, "/add")
	wait(t, ctx, `document.querySelectorAll("#arrival .tick-done").length === 4`)
	wait(t, ctx, `document.getElementById("live").textContent === "Live"`)
}

func TestAChartIsWalkedAlongWithKeysAndSpoken(t *testing.T) {
	ctx := tab(t, "/")
	wait(t, ctx, `document.querySelector(".chart-box canvas") !== null`)
	wait(t, ctx, `document.querySelector("[data-high]").textContent === "22.9 °C"`) // the point that came live
	err := chromedp.Do(ctx, chromedp.Focus(chromedp.CSS("[data-plot]")), chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowRight))
	if err != nil {
		t.Fatal(err)
	}
	wait(t, ctx, `/20:45:10 .*°C/.test(document.querySelector("[data-spoken]").textContent)`)
	if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.End)); err != nil {
		t.Fatal(err)
	}
	wait(t, ctx, `/22\.9 °C/.test(document.querySelector("[data-spoken]").textContent)`)
}

// TestAChartAppearsWithTheFirstReadings: a device that had not written yet does.
func TestAChartAppearsWithTheFirstReadings(t *testing.T) {
	browser := uitest.Browser(t)
	complaints := uitest.Complaints(t, browser)
	var visits atomic.Int64
	mux := http.NewServeMux()
	mux.Handle("/", guide.Handler())
	mux.HandleFunc("/first", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", ui.CSP)
		guide.First(visits.Add(1) > 1).Render(r.Context(), w)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	if err := chromedp.Do(browser, uitest.As("light", 1280), chromedp.Navigate(srv.URL+"/first")); err != nil {
		t.Fatal(err)
	}
	wait(t, browser, `document.querySelector("#temperature canvas") !== null`)
	wait(t, browser, `document.querySelectorAll("h1").length === 1`)
	for _, c := range complaints() {
		t.Error(c)
	}
}

func TestAKeyComesOutOfTheAddressAndLeavesIt(t *testing.T) {
	ctx := tab(t, "/enrol#HQ481047-1JWORF43")
	wait(t, ctx, `document.querySelector(".key-second .key-text").textContent === "1JWORF43"`)
	wait(t, ctx, `document.querySelector(".copyline code").textContent === "regkey HQ481047-1JWORF43"`)
	wait(t, ctx, `location.hash === "" && document.querySelector("[data-enrol-none]").hidden`)
}

// TestOpenedMenusAreAccessible opens whatever opens; a second click elsewhere closes menus.
func TestOpenedMenusAreAccessible(t *testing.T) {
	for _, path := range []string{"/", "/channels"} {
		ctx := tab(t, path)
		wait(t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true) || true`)
		uitest.AxeHere(t, ctx, path+" with everything open")
		if dir := os.Getenv("SHOTS"); dir != "" {
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			os.WriteFile(dir+"/open"+strings.Trim(path, "/")+".png", png, 0o644)
		}
		wait(t, ctx, `document.body.click() || document.querySelectorAll(".menu[open]").length === 0`)
	}
}

func TestASecretHidesItself(t *testing.T) {
	ctx := tab(t, "/secret")
	wait(t, ctx, `location.pathname === "/enrol"`)
}

func TestPasswordCanBeShown(t *testing.T) {
	ctx := tab(t, "/login")
	wait(t, ctx, `!document.querySelector("[data-reveal]").hidden`)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("[data-reveal]"))); err != nil {
		t.Fatal(err)
	}
	wait(t, ctx, `document.getElementById("f-password").type === "text"`)
}

// TestPagesStandWithoutScript reads what the server sends: the chart is drawn,
// its numbers are there, and nothing that needs script shows itself.
func TestPagesStandWithoutScript(t *testing.T) {
	w := httptest.NewRecorder()
	guide.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/channels", nil))
	page := w.Body.String()
	for _, want := range []string{`<polyline class="chart-line"`, `<table class="numbers">`, `action="/theme"`, `href="?range=24h"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if !strings.Contains(page, `aria-label="Copy" hidden`) {
		t.Error("a copy button shows where nothing could copy")
	}
}

// TestLaterPagesAreLight weighs pages as they travel; all else is kept.
func TestLaterPagesAreLight(t *testing.T) {
	for path := range guide.Pages {
		w := httptest.NewRecorder()
		guide.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		z.Write(w.Body.Bytes())
		z.Close()
		t.Logf("%5d %s", zipped.Len(), path)
		if zipped.Len() > 8000 {
			t.Errorf("%s weighs %d bytes, at most 8000", path, zipped.Len())
		}
	}
}
