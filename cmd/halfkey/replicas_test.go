package main

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/orgs"
)

// TestReplicas tells the story to two halfkeys on one PostgreSQL, each sentence to the
// other one than the last.
func TestReplicas(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir(), "DATABASE=" + database(t)}
	home := found(t, settings)
	careful := issue(t, settings, orgs.KeyRequest{Label: "Careful", Boarding: orgs.BoardApprove}) // strangers wait for Homer's word
	a, b := start(t, settings...), start(t, settings...)

	homer := newBrowser(t)
	homer.signIn(a, home.email, home.password)
	there := homer // a cookie is for a host, whatever the port
	if status, text := there.get(b.url("/devices")); status != http.StatusOK || !strings.Contains(text, "The Simpsons") {
		t.Fatalf("signed in at one, the other answers %d", status)
	}

	// A page at one hears of the device that calls at the other.
	live := homer.listen(a, "/events?page=devices")
	device, err := newCaller(home.key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := device.register(b.main, "74743827342")
	if err != nil {
		t.Fatal(err)
	}
	live.hears(t, "74743827342")
	if _, err := device.write(a.thingspeak, got.Channel.WriteKey, "21.4"); err != nil {
		t.Errorf("the key from one is not taken by the other: %v", err)
	}

	// A stranger calls at one, is let in at the other, and comes aboard at the first.
	stranger, err := newCaller(careful.Typed())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.register(a.main, "74743827399"); status(err) != http.StatusAccepted {
		t.Fatalf("a stranger is answered %v", err)
	}
	_, text := there.get(b.url("/pending"))
	accept := regexp.MustCompile(`/pending/[0-9a-z]+/accept`).FindString(text)
	if accept == "" {
		t.Fatalf("nobody waits:\n%s", text)
	}
	there.post(b.url(accept), url.Values{})
	if _, err := stranger.register(a.main, "74743827399"); err != nil {
		t.Errorf("let in at the other replica: %v", err)
	}

	// Refusals are counted together.
	unknown, err := newCaller(devicestest.Stranger(wire.Standard).Typed())
	if err != nil {
		t.Fatal(err)
	}
	tooMany := 0
	for range 30 {
		for _, p := range []*process{a, b} {
			if _, err := unknown.register(p.main, wire.Serial("X")); status(err) == http.StatusTooManyRequests {
				tooMany++
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	if tooMany < 5 {
		t.Errorf("60 guesses at two doors, %d were one too many", tooMany)
	}

	// Signed out at one, the other knows within two seconds.
	there.post(b.url("/logout"), url.Values{})
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, text := homer.get(a.url("/devices")); strings.Contains(text, `action="/login"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("signed out at one, still signed in at the other")
		}
	}
	a.stop(t)
	b.stop(t)
}

func status(err error) int {
	var r refusal
	if errors.As(err, &r) {
		return r.status
	}
	return 0
}

// stream is a live page.
type stream struct{ lines chan string }

func (b *browser) listen(p *process, path string) *stream {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html, text/event-stream")
	res, err := b.client.Do(req)
	if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		b.t.Fatalf("no stream: %v %v", res, err)
	}
	s := &stream{make(chan string, 1000)}
	go func() {
		defer res.Body.Close()
		defer close(s.lines)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.lines <- lines.Text()
		}
	}()
	return s
}

// hears waits for a line with the text, two seconds at most: the bound for other replicas.
func (s *stream) hears(t *testing.T, text string) {
	t.Helper()
	for deadline := time.After(2 * time.Second); ; {
		select {
		case line, ok := <-s.lines:
			if !ok {
				t.Fatalf("the stream ended before %q", text)
			}
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			t.Fatalf("the live page does not hear of %q", text)
		}
	}
}
