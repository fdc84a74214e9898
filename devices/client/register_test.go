package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"halfkey/devices/client"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
)

func TestDeviceRegistersAndWrites(t *testing.T) {
	for name, c := range map[string]struct {
		key    wire.RegKey
		simple bool
		door   string
	}{"standard": {standard, false, "proved"}, "standard at the simple door": {standard, true, "simple"}, "classic": {classic, false, "simple"}} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			d, _ := s.device(c.key)
			d.Simple = c.simple
			if err := d.Register(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.Write(t.Context(), client.Row{Fields: []string{"21.40", "", "7 & 8"}}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.asked, []string{c.door}) || !slices.Equal(s.rows, []string{"field1=21.40&field3=7+%26+8"}) {
				t.Errorf("asked %v, wrote %v", s.asked, s.rows)
			}
			if st := state(t, d); st.Current == nil || st.Next != nil || st.Current.Channel.ID != "142770" {
				t.Errorf("kept %+v", st)
			}
		})
	}
}

func TestDeviceWaitsAsTheServerSays(t *testing.T) {
	s := newServer(t)
	d, c := s.device(standard)
	s.then(
		says(202, 60, wire.Pending.Problem), says(202, 5, wire.Pending.Problem), says(429, 17, wire.TooMany.Problem),
		says(503, 999999, wire.Unavailable.Problem),
	)
	if err := d.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{time.Minute, 5 * time.Second, 17 * time.Second, time.Hour}; !slices.Equal(c.slept, want) {
		t.Errorf("slept %v, want %v", c.slept, want)
	}
}

func TestDeviceWithoutAWordWaitsLongerAndLonger(t *testing.T) {
	s := newServer(t)
	d, c := s.device(standard)
	for range 9 {
		s.then(says(403, 0, wire.Refused.Problem))
	}
	s.then(hangsUp)
	if err := d.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, slept := range c.slept {
		want := min(time.Minute<<i, time.Hour)
		if slept < want*3/4 || slept > want*5/4 {
			t.Errorf("sleep %d: %v, want about %v", i, slept, want)
		}
	}
	if len(c.slept) != 10 || slices.Contains(s.asked, "simple") {
		t.Errorf("%d sleeps, asked %v", len(c.slept), s.asked)
	}
}

// Whatever is on the line, only a sealed answer to this request is believed.
func TestGarbageIsNotBelieved(t *testing.T) {
	for name, bad := range map[string]func(http.ResponseWriter, []byte){
		"empty":       says(200, 0, ""),
		"clear text":  says(200, 0, "channel=142770\nwriteKey=WRITEKEY00000001\n"),
		"web page":    says(200, 0, "<html>Log in to the hotel's network</html>"),
		"cut":         spoils(func(sealed []byte) []byte { return sealed[:len(sealed)-4] }),
		"flipped":     spoils(func(sealed []byte) []byte { return bytes.Replace(sealed, []byte("."), []byte(".A"), 1) }),
		"too long":    spoils(func(sealed []byte) []byte { return append(sealed, make([]byte, 9000)...) }),
		"redirect":    func(w http.ResponseWriter, _ []byte) { w.Header().Set("Location", "/x"); w.WriteHeader(307) },
		"endless 200": spoils(func([]byte) []byte { return bytes.Repeat([]byte("A"), 1<<20) }),
		"lost":        hangsUp,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			d, _ := s.device(standard)
			if err := d.RegisterOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			before, yesterday := state(t, d), s.recorded()
			s.then(bad)
			if err := d.RegisterOnce(t.Context()); err == nil {
				t.Error("believed")
			}
			s.then(spoils(func([]byte) []byte { return yesterday }))
			if err := d.RegisterOnce(t.Context()); !errors.Is(err, client.ErrUnopened) {
				t.Errorf("an answer from yesterday: %v", err)
			}
			if after := state(t, d); *after.Next != *before.Next {
				t.Errorf("kept %+v", after)
			}
		})
	}
}

func TestWrongSecondHalfOpensNothing(t *testing.T) {
	s := newServer(t)
	mistyped := classic
	mistyped.Second = "1JW0RF44"
	d, _ := s.device(mistyped)
	if err := d.RegisterOnce(t.Context()); !errors.Is(err, client.ErrUnopened) {
		t.Fatal(err)
	}
	if known, err := d.Registered(); known || err != nil {
		t.Errorf("%v %v", known, err)
	}
}

// A lost answer is asked for again, and the device is one and the same.
func TestLostAnswerIsAskedForAgain(t *testing.T) {
	s := newServer(t)
	d, c := s.device(standard)
	s.then(hangsUp, hangsUp)
	if err := d.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 3 || len(c.slept) != 2 {
		t.Errorf("asked %v, slept %v", s.asked, c.slept)
	}
}

func TestRefusalSaysWhatAPersonCanDo(t *testing.T) {
	s := newServer(t)
	d, _ := s.device(standard)
	s.then(says(400, 0, "{\"detail\":\"exp: over\x1b[31m\"}"), says(404, 0, "no"))
	var answer *client.NotYet
	if err := d.RegisterOnce(t.Context()); !errors.As(err, &answer) || !strings.Contains(err.Error(), "exp: over") || strings.Contains(err.Error(), "\x1b") {
		t.Error(err)
	}
	if err := d.RegisterOnce(t.Context()); !strings.Contains(err.Error(), "is the address right?") {
		t.Error(err)
	}
}

func TestLogsAndErrorsKeepTheSecrets(t *testing.T) {
	s := newServer(t)
	for _, key := range []wire.RegKey{standard, classic} {
		var said bytes.Buffer
		d, c := s.device(key)
		d.Log = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.limit = 2
		s.then(hangsUp)
		d.Run(t.Context(), time.Second, client.NewThermometer(string(serial)).Measure)
		d.Server = "http://127.0.0.1:1"
		said.WriteString(d.RegisterOnce(t.Context()).Error())
		for _, secret := range []string{key.Second.Reveal(), s.write, "5ZK0XWQ8M3TN7R2VHB6CJ9PD4G", "key=" + key.First} {
			if strings.Contains(said.String(), secret) {
				t.Errorf("%q was said:\n%s", secret, said.String())
			}
		}
		if !strings.Contains(said.String(), "registered") {
			t.Errorf("said only %s", said.String())
		}
	}
}

func TestSwitchedOffWhileWaiting(t *testing.T) {
	s := newServer(t)
	d, _ := s.device(standard)
	d.Sleep = nil
	ctx, cancel := context.WithCancel(t.Context())
	s.then(func(w http.ResponseWriter, b []byte) {
		says(202, 3600, "")(w, b)
		time.AfterFunc(10*time.Millisecond, cancel)
	})
	if err := d.Register(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("channel=1\nwriteKey=A\n"), 200, "")
	f.Add([]byte(`{}`), 201, "1e9")
	keys := seal.Derive(standard.First, standard.Second.Reveal())
	sealed, _ := seal.Seal(seal.ForKey(keys.Seal), seal.Header{Cty: seal.JSON, Kid: standard.First, Sub: string(serial)}, []byte("{}"))
	f.Add(sealed, 200, "-1")
	f.Add([]byte("malformed"), 400, "99999")
	f.Fuzz(func(t *testing.T, body []byte, status int, retryAfter string) {
		store := &client.MemoryStore{}
		d := client.Client{Server: "http://halfkey.test", Serial: serial, Key: standard, Store: store, HTTP: &http.Client{Transport: canned{body, status, retryAfter}}}
		err := d.RegisterOnce(t.Context())
		if err == nil {
			t.Fatalf("believed %d %s", status, body)
		}
		var answer *client.NotYet
		if errors.As(err, &answer) && (answer.After < 0 || answer.After > time.Hour) {
			t.Fatalf("waits %v for %q", answer.After, retryAfter)
		}
		if kept, _ := store.Load(); kept != (client.State{}) {
			t.Fatalf("kept %+v", kept)
		}
	})
}
