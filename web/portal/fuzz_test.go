package portal

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"halfkey/iam/fault"
)

// What the list's address says is bounded, and its own links say the same again.
func FuzzListQuery(f *testing.F) {
	for _, s := range []string{"", "q=a&state=active", "after=06h014jfqs7kvxnhvm61&view=cards", "q=%00%ff&state=x", "after=..", "q=%25_\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		l, err := parseListQuery(q)
		if err != nil {
			return
		}
		if len([]rune(l.text)) > 80 || strings.Contains(l.text, "\x00") || !utf8.ValidString(l.text) {
			t.Fatalf("text %q", l.text)
		}
		link := l.link("", l.after)
		u, err := url.Parse(link)
		if err != nil || u.Path != "/devices" {
			t.Fatalf("link %q", link)
		}
		if again, err := parseListQuery(u.Query()); err != nil || again.state != l.state || again.after != l.after || again.cards != l.cards {
			t.Fatalf("%+v became %+v", l, again)
		}
	})
}

// What the address of the trail says is understood or refused, and the page's own
// links say the same again.
func FuzzActivityQuery(f *testing.F) {
	for _, s := range []string{"", "q=Homer&verb=device.board", "before=17", "before=-1", "before=99999999999999999999", "verb=nonsense", "q=%ff",
		"from=2026-11-03&to=2026-11-04&actor=homer%40simps.net&door=api&outcome=refused&view=full", "from=3.11.2026", "from=2026-02-30", "to=0000-00-00", "object=%00x", "view=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for _, path := range []string{"/activity", "/audit"} {
			a, err := parseActivityQuery(path, q)
			for _, s := range []string{a.text, a.actor, a.object} {
				if len([]rune(s)) > 80 || !utf8.ValidString(s) || strings.Contains(s, "\x00") {
					t.Fatalf("%+v", a)
				}
			}
			if a.before < 0 || err != nil && len(fault.Of(err).Fields) == 0 {
				t.Fatalf("%+v %v", a, err)
			}
			if err != nil {
				continue
			}
			u, err := url.Parse(a.link("", a.before))
			if err != nil || u.Path != path {
				t.Fatalf("link %q", u)
			}
			if again, err := parseActivityQuery(path, u.Query()); err != nil || again != a {
				t.Fatalf("%+v became %+v, %v", a, again, err)
			}
		}
	})
}

// A page listens for a day at most, whatever its address says.
func FuzzListening(f *testing.F) {
	for _, s := range []string{"", "0", "-5", "1790000000000000", "9223372036854775807", "x"} {
		f.Add("06h014jfqs7kvxnhvm61", s)
	}
	now := time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, key, since string) {
		_, at, err := parseListening(key, since, now)
		if err == nil && (at.After(now) || now.Sub(at) > longestListening) {
			t.Fatalf("%q listens since %v", since, at)
		}
	})
}
