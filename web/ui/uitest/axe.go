package uitest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

//go:embed axe.min.js
var axe string

// violation is one rule of axe that a page breaks, and where.
type violation struct {
	ID, Help string
	Nodes    []string
}

const runAxe = `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v =>
	({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 200) + " | " + n.failureSummary)}))))`

// Axe opens a page in a tab of its own and fails the test on anything that axe
// finds, that the policy stops, that the console reports, or that makes the page
// wider than the screen. Cookies are the browser's, so ctx may have signed in.
func Axe(t testing.TB, ctx context.Context, url, theme string, width int64) {
	t.Helper()
	tab, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	complaints := Complaints(t, tab)
	open(t, tab, url, theme, width)
	AxeHere(t, tab, fmt.Sprintf("%s (%s, %d)", url, theme, width))
	for _, c := range complaints() {
		t.Errorf("%s (%s, %d): %s", url, theme, width, c)
	}
}

// AxeAll is Axe for both themes and both widths. It loads the page once and lets
// it follow the screen, as it does when somebody turns a phone or night falls.
func AxeAll(t testing.TB, ctx context.Context, url string) {
	t.Helper()
	tab, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	complaints := Complaints(t, tab)
	open(t, tab, url, Themes[0], Widths[0])
	for _, width := range Widths {
		for _, theme := range Themes {
			if err := chromedp.Do(tab, As(theme, width)); err != nil {
				t.Fatalf("%s: %v", url, err)
			}
			AxeHere(t, tab, fmt.Sprintf("%s (%s, %d)", url, theme, width))
		}
	}
	for _, c := range complaints() {
		t.Errorf("%s: %s", url, c)
	}
}

// AxeHere is Axe for what a tab shows now; name says in failures what that is.
func AxeHere(t testing.TB, tab context.Context, name string) {
	t.Helper()
	wide, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if wide {
		t.Errorf("%s: the page is wider than the screen", name)
	}
	// In one go: a page may load itself anew between two.
	found, err := chromedp.Run(tab, chromedp.Evaluate[string](`if (!window.axe) {`+axe+`}; `+runAxe, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: axe: %v", name, err)
	}
	var broken []violation
	if err := json.Unmarshal([]byte(found), &broken); err != nil {
		t.Fatalf("%s: axe: %v", name, err)
	}
	for _, v := range broken {
		t.Errorf("%s: %s: %s\n\t%s", name, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// Shot opens a page and writes a picture of the whole of it (PNG) to file, as on
// a screen that is high enough, so that bars stand where they belong.
func Shot(t testing.TB, ctx context.Context, url, theme string, width int64, file string) {
	t.Helper()
	tab, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	open(t, tab, url, theme, width)
	height, err := chromedp.Run(tab, chromedp.Evaluate[int64](`document.documentElement.scrollHeight`))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	if err := chromedp.Do(tab, screen(theme, width, height)); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// open shows a page on a screen and waits for its fonts and for what its scripts
// draw at first.
func open(t testing.TB, tab context.Context, url, theme string, width int64) {
	t.Helper()
	err := chromedp.Do(tab, As(theme, width), chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main")))
	if err == nil {
		_, err = chromedp.Run(tab, chromedp.Evaluate[int](
			`document.fonts.ready.then(() => new Promise(r => setTimeout(r, 150))).then(() => 0)`, chromedp.EvalAwaitPromise))
	}
	if err != nil {
		t.Fatalf("%s (%s, %d): %v", url, theme, width, err)
	}
}
