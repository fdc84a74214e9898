package auth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A page to go on to is never another site's, whatever is put into the address.
func FuzzNext(f *testing.F) {
	for _, s := range []string{"/", "/devices?q=a", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/%2f/evil", "", "/login?next=/", "/i/abc#x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		to := Next(s)
		u, err := url.Parse("http://halfkey.lan" + to)
		if err != nil || u.Host != "halfkey.lan" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t ") {
			t.Fatalf("%q leads to %q", s, to)
		}
		if base, _ := url.Parse("http://halfkey.lan/login"); base.ResolveReference(mustParse(t, to)).Host != "halfkey.lan" {
			t.Fatalf("%q leaves the house: %q", s, to)
		}
		if Next(to) != to {
			t.Fatalf("%q is not settled: %q", s, to)
		}
	})
}

func mustParse(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOnlyTheBrowsersOwnMachineAndTLSKeepTheLockedCookie(t *testing.T) {
	d := &Door{}
	for host, want := range map[string]line{"localhost:8080": locked, "127.0.0.1": locked, "[::1]:8080": locked, "home.localhost": locked,
		"halfkey.lan": open, "localhost.evil.example": open, "192.168.1.5:8080": open, "": open} {
		if got := d.lineOf(&http.Request{Host: host, RemoteAddr: "192.0.2.1:1"}); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
	d.AcceptPlain = true
	if d.lineOf(&http.Request{Host: "halfkey.lan"}) != risky {
		t.Error("the setting that accepts the risk has no effect")
	}
	r := &http.Request{Host: "halfkey.lan", RemoteAddr: "192.0.2.1:1", Header: http.Header{"X-Forwarded-Proto": {"https"}}}
	if d.lineOf(r) == locked {
		t.Error("a stranger's X-Forwarded-Proto is believed")
	}
}
