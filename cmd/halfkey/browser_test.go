package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/web/ui/uitest"
)

// A person sits before a browser of their own and does what people do: reads, types
// into fields by their label, presses what has a name.
type person struct {
	t    testing.TB
	name string
	tab  context.Context
}

func sitDown(t testing.TB, name, theme string, width int64) *person {
	t.Helper()
	p := &person{t: t, name: name, tab: uitest.Browser(t)}
	p.do(uitest.As(theme, width))
	return p
}

func (p *person) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.tab, actions...); err != nil {
		p.t.Fatalf("%s: %v\n%s", p.name, err, p.screen())
	}
}

func (p *person) goes(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main")))
}

// run asks the page for a yes or a text.
func run[T any](p *person, script string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.tab, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, script, err)
	}
	return v
}

// screen is everything that can be read now.
func (p *person) screen() string {
	v, _ := chromedp.Run(p.tab, chromedp.Evaluate[string](`location.pathname + "\n" + document.title + "\n" + document.body.innerText`))
	return v
}

// sees waits until the text is on the screen, however it got there.
func (p *person) sees(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q", text), `document.body && document.body.innerText.toLowerCase().includes(`+strconv.Quote(strings.ToLower(text))+`)`)
}

func (p *person) seesNot(text string) {
	p.t.Helper()
	if strings.Contains(strings.ToLower(p.screen()), strings.ToLower(text)) {
		p.t.Fatalf("%s sees %q:\n%s", p.name, text, p.screen())
	}
}

func (p *person) until(what, script string) {
	p.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if yes, err := chromedp.Run(p.tab, chromedp.Evaluate[bool](script)); err == nil && yes {
			return
		}
	}
	p.t.Fatalf("%s waits for %s:\n%s", p.name, what, p.screen())
}

// types fills the field with that label.
func (p *person) types(label, text string) {
	p.t.Helper()
	id := run[string](p, `(() => { for (const l of document.querySelectorAll("label")) if (l.innerText.trim().startsWith(`+strconv.Quote(label)+`)) return l.htmlFor || ""; return "" })()`)
	if id == "" {
		p.t.Fatalf("%s finds no field %q:\n%s", p.name, label, p.screen())
	}
	run[bool](p, `(() => { const e = document.getElementById(`+strconv.Quote(id)+`); e.value = ""; e.focus(); return true })()`)
	p.do(chromedp.SendKeys(chromedp.ID(id), text))
}

// find marks the first visible button or link of that name.
const find = `(name => {
	for (const e of document.querySelectorAll("button, a, summary, label, input[type=submit]")) {
		const text = (e.innerText || e.value || "").trim(), label = (e.getAttribute("aria-label") || "").trim();
		if ((text === name || text.split("\n")[0].trim() === name || label === name) && e.checkVisibility()) return e;
	}
})`

// presses clicks what has the name, and waits for the page it leads to, if any.
func (p *person) presses(name string) {
	p.t.Helper()
	p.until("a button or link "+name, `(() => { const e = `+find+`(`+strconv.Quote(name)+`); if (!e) return false; e.click(); return true })()`)
}

// reloads counts from now on how often the page is loaded anew.
func (p *person) marks() { run[bool](p, `window.stayed = true`) }

// stayed tells whether the page is still the one that was marked.
func (p *person) stayed() bool { return run[bool](p, `window.stayed === true`) }
