package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"halfkey/connectors/channels"
)

// In a browser: Marge's own key is one fold away from her chart, shown on the
// record, and when she revokes it a program that had it hears nothing more.
func TestAReadKeyIsRevealedAndRevokedInABrowser(t *testing.T) {
	s, _, channel := measured(t)
	id, err := channels.ParseID(strings.TrimPrefix(channel, "/c/"))
	if err != nil {
		t.Fatal(err)
	}
	tab, base := signedIn(t, s, "marge")
	goes(t, tab, base+channel, "form[action^='/k/']")
	if text := shownText(t, tab, "form[action^='/k/']"); text != "" {
		t.Errorf("the key's button is not folded away: %q", text)
	}
	presses(t, tab, "form[action^='/k/'] button", `/\b[A-Z0-9]{16}\b/.test(document.querySelector("main").innerText)`)
	found, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector("main").innerText.match(/\b[A-Z0-9]{16}\b/)[0]`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Channels.Access(t.Context(), id, found); err != nil {
		t.Error("the key that she sees does not read:", err)
	}
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "looked at their read key")
	goes(t, tab, base+"/k", "form[action$='/revoke']")
	presses(t, tab, "form[action$='/revoke'] button", `document.querySelector("form[action$='/revoke']") === null`)
	if _, err := s.Channels.Access(t.Context(), id, found); !errors.Is(err, channels.ErrKey) {
		t.Error("the revoked key hears", err)
	}
}

// In a browser: a chart on another page goes when its link is ended.
func TestAnEmbeddedChartGoesWhenItsLinkEnds(t *testing.T) {
	s, device, channel := measured(t)
	link := s.Homer.Post(t, channel+"/embeds", "label", "Club's website", "range", "24h").Wants(t, 200).Find(t, `(/embed/[A-Za-z0-9_-]{43})`)
	tab, base := browsing(t, s.House)
	goes(t, tab, base+link, ".chart")
	end := s.Homer.Get(t, device).Wants(t, 200).Find(t, `action="(/c/[0-9]+/embeds/[0-9a-z]{20}/end)"`)
	s.Homer.Post(t, end).Wants(t, 303)
	goes(t, tab, base+link, "main")
	waits(t, tab, says("no longer shown here"))
	waits(t, tab, `document.querySelector(".chart") === null`)
}

// shownText is what is seen of an element.
func shownText(t *testing.T, tab context.Context, css string) string {
	t.Helper()
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](`(e => e && e.checkVisibility({contentVisibilityAuto: true}) ? e.innerText : "")(document.querySelector(`+"`"+css+"`"+`))`))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
