package web_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"halfkey/connectors/channels"
)

var scripts = regexp.MustCompile(`<script src="([^"]+)"`)

// A browser that was never here fetches everything anew. One script may come long
// after another: the page is alive all the same.
func TestAPageIsAliveOnTheFirstVisitOverASlowLine(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 10, time.Minute, 21)
	tab, base := signedIn(t, s, "marge")
	var lines []*network.Conditions
	for i, m := range scripts.FindAllStringSubmatch(s.Marge.Get(t, "/c/"+d.Channel).Body, -1) {
		lines = append(lines, &network.Conditions{URLPattern: base + m[1], Latency: float64(300 * i), DownloadThroughput: -1, UploadThroughput: -1})
	}
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: lines})
		return err
	}))
	if err != nil || len(lines) == 0 {
		t.Fatal(len(lines), err)
	}
	goes(t, tab, base+"/c/"+d.Channel, "#newest")
	value := "33.3"
	if _, err := s.Channels.Write(t.Context(), key, channels.Entry{Fields: [channels.MaxFields]*string{&value}}); err != nil {
		t.Fatal(err)
	}
	waits(t, tab, says("33.3"))
}
