package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"halfkey/web/webtest"
)

// FuzzChartAddress: whatever a chart's address asks for, the page and its points
// come, and nothing that Marge may not see comes with them.
func FuzzChartAddress(f *testing.F) {
	s := webtest.New(f).Furnish(f)
	d, key := s.Board(f, s.Household, "74743827342", "Living room")
	s.Measure(f, key, 20, 15*time.Second, 21)
	other, key := s.Board(f, s.Plant, "74743827343", "Reactor")
	s.Measure(f, key, 20, 15*time.Second, 300)
	for _, seed := range [][3]string{{"24h", "", ""}, {"30d", "1795000000", other.Channel}, {"", "-1", d.Channel}, {"1y", "99999999999999999999", "\x00"}, {"7d", "1", "thingspeak:1"}, {"15m", "x", strings.Repeat("9", 200)}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, span, to, with string) {
		query := url.Values{"range": {span}, "to": {to}, "with": {with}}.Encode()
		s.Marge.Get(t, "/c/"+d.Channel+"?"+query).Wants(t, 200).Silent(t, "Reactor", `id="compared"`)
		s.Marge.Get(t, "/c/"+d.Channel+"/data?"+query).Wants(t, 200).Says(t, `"points":[`)
	})
}

// FuzzEmbed: whatever stands where a token belongs, it shows no chart.
func FuzzEmbed(f *testing.F) {
	s := webtest.New(f).Furnish(f)
	d, key := s.Board(f, s.Household, "74743827342", "Living room")
	s.Measure(f, key, 20, 15*time.Second, 21)
	link := s.Homer.Post(f, "/c/"+d.Channel+"/embeds", "label", "Club", "range", "24h").Wants(f, 200).Find(f, `/embed/([A-Za-z0-9_-]{43})`)
	for _, seed := range []string{"", "x", strings.Repeat("A", 43), link[:42], link + "=", strings.ToLower(link), "%2e%2e%2f", "a/b", "\x00", "é", strings.Repeat("A", 4000)} {
		f.Add(seed)
	}
	b := s.Browser(f)
	f.Fuzz(func(t *testing.T, token string) {
		if token == link {
			return
		}
		for _, rest := range []string{"", "/data", "/embeds/" + url.PathEscape(token)} {
			if p := b.Get(t, "/embed/"+url.PathEscape(token)+rest).Silent(t, "Living room"); p.Status < 300 || p.Status >= 500 {
				t.Errorf("%q%s: %d", token, rest, p.Status)
			}
		}
	})
}
