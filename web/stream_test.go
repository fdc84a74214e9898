package web_test

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/web/webtest"
)

// listen opens a page's stream; what arrives is sent line by line, and the
// channel is closed when the stream ends.
func listen(t *testing.T, b *webtest.Browser, url string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	r.Header.Set("Accept", "text/html, text/event-stream")
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") || res.Header.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		defer res.Body.Close()
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines
}

func hears(t *testing.T, lines <-chan string, text string) {
	t.Helper()
	late := time.After(5 * time.Second)
	for {
		select {
		case l, open := <-lines:
			if !open {
				t.Fatalf("the stream ended before %q", text)
			}
			if strings.Contains(l, text) {
				return
			}
		case <-late:
			t.Fatalf("%q never came", text)
		}
	}
}

func TestAStreamTellsAtOnceAndEndsWithTheRight(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 3, time.Minute, 21)
	lines := listen(t, s.Marge, s.URL+"/events?page=channels&id="+d.Channel)
	hears(t, lines, "event: newest")
	s.Measure(t, key, 1, time.Minute, 5)
	hears(t, lines, "5.0")
	if err := s.Devices.Move(s.AsHomer(t), d.ID, s.Plant, orgs.With{}); err != nil {
		t.Fatal(err)
	}
	hears(t, lines, "event: go")
	s.Marge.Post(t, "/logout").Wants(t, 303)
	late := time.After(5 * time.Second)
	for {
		select {
		case _, open := <-lines:
			if !open {
				return
			}
		case <-late:
			t.Fatal("the stream goes on after the sign-out")
		}
	}
}

func TestWhoIsNotSignedInHearsNothing(t *testing.T) {
	s := furnished(t)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/events?page=home", nil)
	r.Header.Set("Accept", "text/html, text/event-stream")
	res, err := s.Browser(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %d", res.StatusCode)
	}
}

func TestTheLogHasNoKeyAndNoToken(t *testing.T) {
	var log strings.Builder
	s := webtest.On(t, dbtest.SQLite(t), slog.NewTextHandler(&log, nil)).Furnish(t)
	link := s.Homer.Post(t, "/people/invite", "org", string(s.Household), "email", "bart@simps.net", "role", "member").Wants(t, 200).Find(t, `/i/([A-Za-z0-9_-]+)`)
	s.Homer.Get(t, "/i/"+link).Wants(t, 200)
	key := s.Key(t, s.Household)
	s.Homer.Get(t, "/ws/iot/devices/74743827342?key="+key.First)
	for _, secret := range []string{link, key.First, key.Second.Reveal(), webtest.Password, s.Setup.Reveal()} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has a secret:\n%s", log.String())
		}
	}
	if !strings.Contains(log.String(), "route=/i/:token") {
		t.Error("the log does not name the route")
	}
}

func TestEveryCodeHasAPage(t *testing.T) {
	s := furnished(t)
	s.Browser(t).Get(t, "/problems/refused").Wants(t, 200).Says(t, "urn:halfkey:problem:refused")
	s.Browser(t).Get(t, "/problems/nonsense").Wants(t, 404)
	p := s.Homer.Get(t, "/nothing/here").Wants(t, 404).Says(t, "There is nothing here")
	if !strings.Contains(p.Body, p.Header.Get("X-Request-Id")) || !strings.Contains(p.Header.Get("Content-Security-Policy"), "require-trusted-types-for") {
		t.Error("the error page lacks its number or its policy")
	}
}
