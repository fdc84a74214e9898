package web_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/connectors/channels"
	"halfkey/web/webtest"
)

// measured is a house in which the living room was warm for a while.
func measured(t *testing.T) (s *webtest.Simpsons, device, channel string) {
	t.Helper()
	s = furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 60, 15*time.Second, 21)
	return s, "/devices/" + string(d.ID), "/c/" + d.Channel
}

func TestAChartOnAnotherPageEndsWhenItsLinkDoes(t *testing.T) {
	s, device, channel := measured(t)
	s.Homer.Get(t, channel).Wants(t, 200).Says(t, "Show this chart on another page")
	made := s.Homer.Post(t, channel+"/embeds", "label", "Club's website", "range", "24h").Wants(t, 200).Says(t, "&lt;iframe")
	link := made.Find(t, `(/embed/[A-Za-z0-9_-]{43})`)

	stranger := s.Browser(t)
	shown := stranger.Get(t, link).Wants(t, 200).Says(t, "Living room", "chart-line").Silent(t, "Homer", "Household", "74743827342", "/devices")
	if policy := shown.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors *") || !strings.Contains(policy, "require-trusted-types-for") {
		t.Error("the policy of a framed page:", policy)
	}
	if len(stranger.Cookies(t)) > 0 {
		t.Error("a framed page sets cookies")
	}
	stranger.Get(t, link+"/data").Wants(t, 200).Says(t, `"points":[[`)
	if policy := s.Homer.Get(t, channel).Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Error("an ordinary page may be framed:", policy)
	}

	end := s.Homer.Get(t, device).Wants(t, 200).Says(t, "Club&#39;s website", "by Homer").Find(t, `action="(/c/[0-9]+/embeds/[0-9a-z]{20}/end)"`)
	s.Marge.Get(t, channel).Wants(t, 200).Silent(t, "Club&#39;s")
	s.Marge.Post(t, end).Wants(t, 410)
	s.Homer.Post(t, end).Wants(t, 303)
	stranger.Get(t, link).Wants(t, 410).Says(t, "no longer shown here").Silent(t, "Living room")
	stranger.Get(t, link+"/data").Wants(t, 410)
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "made a link", "ended the link").Silent(t, link)
	stranger.Get(t, "/embed/nothing").Wants(t, 410)
}

func TestALinkEndsWithTheRightOfItsMaker(t *testing.T) {
	s, device, channel := measured(t)
	link := s.Marge.Post(t, channel+"/embeds", "label", "Mine", "range", "7d").Wants(t, 200).Find(t, `(/embed/[A-Za-z0-9_-]{43})`)
	stranger := s.Browser(t)
	stranger.Get(t, link).Wants(t, 200)
	s.Homer.Post(t, device+"/move", "to", string(s.Plant)).Wants(t, 303)
	stranger.Get(t, link).Wants(t, 410)
}

func TestValuesComeAsAFile(t *testing.T) {
	s, _, channel := measured(t)
	file := s.Marge.Get(t, channel+"/readings.csv").Wants(t, 200)
	lines := strings.Split(strings.TrimSpace(file.Body), "\n")
	if len(lines) != 61 || !strings.HasPrefix(lines[0], "created_at,entry_id,field1,") || !strings.Contains(lines[1], ",1,") {
		t.Errorf("%d lines, the first two %q", len(lines), lines[:min(2, len(lines))])
	}
	s.Browser(t).Get(t, channel+"/readings.csv").Wants(t, 303)
}

func TestAnEmptyRangeLeadsToTheLastData(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	long := time.Now().AddDate(0, -2, 0)
	for i := range 5 {
		at, v := long.Add(time.Duration(i)*time.Minute), "21"
		if _, err := s.Channels.Write(t.Context(), key, channels.Entry{Fields: [channels.MaxFields]*string{&v}, Created: &at}); err != nil {
			t.Fatal(err)
		}
	}
	page := "/c/" + d.Channel
	for _, span := range []string{"15m", "24h", "7d", "30d"} {
		there := s.Marge.Get(t, page+"?range="+span).Wants(t, 200).Silent(t, "chart-line").Find(t, `href="(/c/[0-9]+\?range=`+span+`&amp;to=[0-9]+)"`)
		s.Marge.Get(t, strings.ReplaceAll(there, "&amp;", "&")).Wants(t, 200).Says(t, "chart-line")
	}
	for _, odd := range []string{"&to=x", "&to=-1", "&to=99999999999999999999"} {
		s.Marge.Get(t, page+"?range=24h"+odd).Wants(t, 200)
	}
}

func TestHomerHasAReadKeyForEachProgram(t *testing.T) {
	s, device, channel := measured(t)
	id, err := channels.ParseID(strings.TrimPrefix(channel, "/c/"))
	if err != nil {
		t.Fatal(err)
	}
	shown := func(p webtest.Page) string { return p.Wants(t, 200).Find(t, `>([A-Z0-9]{16})<`) }
	grafana := shown(s.Homer.Post(t, device+"/read-keys", "label", "Grafana"))
	own := shown(s.Homer.Post(t, device+"/read-key"))
	if again := shown(s.Homer.Post(t, device+"/read-key")); again != own || own == grafana {
		t.Error("one's own key is", again, "after", own)
	}
	for _, key := range []string{grafana, own} {
		if _, err := s.Channels.Access(t.Context(), id, key); err != nil {
			t.Error(err)
		}
	}
	revoke := s.Homer.Get(t, device).Wants(t, 200).Says(t, "Grafana").Find(t, `Grafana[\s\S]*?action="(/devices/[0-9a-z]{20}/read-keys/[0-9a-z]{20}/revoke)"`)
	s.Marge.Post(t, revoke).Wants(t, 403)
	s.Homer.Post(t, revoke).Wants(t, 303)
	if _, err := s.Channels.Access(t.Context(), id, grafana); !errors.Is(err, channels.ErrKey) {
		t.Error("a revoked key hears", err)
	}
	if _, err := s.Channels.Access(t.Context(), id, own); err != nil {
		t.Error("revoking one key ended another:", err)
	}
}

func TestThePagesOfViewingAreFit(t *testing.T) {
	s, device, channel := measured(t)
	link := s.Homer.Post(t, channel+"/embeds", "label", "Club's website", "range", "24h").Wants(t, 200).Find(t, `(/embed/[A-Za-z0-9_-]{43})`)
	s.Homer.Post(t, device+"/read-keys", "label", "Grafana").Wants(t, 200)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "embed", base+link)
	look(t, tab, "view-device", base+device)
	look(t, tab, "view-channel", base+channel)
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelectorAll("main details").forEach(d => d.open = true); 0`)); err != nil {
		t.Fatal(err)
	}
	lookHere(t, tab, "view-channel-open")
}

func TestASilentDeviceSaysWhy(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	at := "/devices/" + string(d.ID)
	s.Measure(t, key, 5, 15*time.Second, 21)
	s.Homer.Get(t, at).Wants(t, 200).Silent(t, "Why is it silent?")
	quiet := func(t *testing.T) webtest.Page {
		t.Helper()
		ago := time.Now().Add(-48 * time.Hour).UnixMicro()
		for _, sql := range []string{"UPDATE channels SET last_entry_at = ?", "UPDATE devices SET called_at = ?"} {
			if err := s.DB.Exec(sql, ago).Error; err != nil {
				t.Fatal(err)
			}
		}
		s.Channels.DB.Exec("UPDATE channels SET updated_at = updated_at")
		deadline := time.Now().Add(10 * time.Second) // what the channel last heard is remembered for two seconds
		for {
			p := s.Homer.Get(t, at).Wants(t, 200)
			if strings.Contains(p.Body, "Why is it silent?") || time.Now().After(deadline) {
				return p
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	quiet(t).Says(t, "Why is it silent?", "The device itself does not call", "Its write key works", "Its channel is there")
	if err := s.DB.Exec("UPDATE connectors SET trouble = 'refused', trouble_at = ?", time.Now().UnixMicro()).Error; err != nil {
		t.Fatal(err)
	}
	quiet(t).Says(t, "The service that keeps the values is in trouble", "Its connector is at work").Silent(t, "Its channel is there")
	if err := s.DB.Exec("UPDATE connectors SET state = 'paused'").Error; err != nil {
		t.Fatal(err)
	}
	quiet(t).Says(t, "The connector is paused", "Its place is open").Silent(t, "Its connector is at work")
	if err := s.DB.Exec("UPDATE channel_keys SET revoked_at = 1").Error; err != nil {
		t.Fatal(err)
	}
	quiet(t).Says(t, "No write key works").Silent(t, "Its place is open")
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "silent", base+at)
}
