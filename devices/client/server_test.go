package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"halfkey/devices/client"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
)

const serial = wire.Serial("74743827342")

var (
	standard = parse("QK7M2X9D4T-8RWV3C5HJ-0TN6ZQ4MK-GX2BD7PAD")
	classic  = parse("HQ481047-1JWORF43")
)

func parse(typed string) wire.RegKey {
	k, err := wire.ParseKey(typed)
	if err != nil {
		panic(err)
	}
	return k
}

// A server is the far side of the line: it seals real answers, and misbehaves
// when told. Answers queued in next are given first, in order.
type server struct {
	*httptest.Server
	t     *testing.T
	keys  map[string]wire.RegKey
	mu    sync.Mutex
	next  []func(w http.ResponseWriter, sealed []byte)
	write string // the write key that works
	asked []string
	last  []byte // sealed most recently
	rows  []string
}

func newServer(t *testing.T) *server {
	s := &server{t: t, write: "WRITEKEY00000001", keys: map[string]wire.RegKey{standard.First: standard, classic.First: classic}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/devices/{serial}/registrations", s.proved)
	mux.HandleFunc("GET /midpoint/ws/iot/devices/{serial}", s.simple)
	mux.HandleFunc("POST /update", s.update)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *server) proved(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path, err := wire.ParseSerial(r.PathValue("serial"))
	tok, err2 := wire.ParseRegistration(body, path)
	if err != nil || err2 != nil {
		s.t.Errorf("the device sent %s: %v %v", body, err, err2)
		return
	}
	key := s.keys[tok.First]
	keys := seal.Derive(key.First, key.Second.Reveal())
	if !tok.Verify(keys.Auth[:]) {
		http.Error(w, wire.Refused.Problem, http.StatusForbidden)
		return
	}
	content, err := s.credentials().Marshal()
	if err != nil {
		s.t.Error(err)
	}
	s.answer(w, "proved", 201, seal.ForKey(keys.Seal), seal.Header{Cty: seal.JSON, Kid: tok.First, Sub: string(tok.Serial), Nonce: string(tok.Nonce)}, content)
}

func (s *server) simple(w http.ResponseWriter, r *http.Request) {
	first, err := wire.NormalizeFirst(r.FormValue("key"))
	if err != nil || strings.Contains(r.URL.String(), s.keys[first].Second.Reveal()) {
		s.t.Errorf("the device sent %s: %v", r.URL, err)
	}
	key := s.keys[first]
	to := seal.ForKey(seal.Derive(key.First, key.Second.Reveal()).Seal)
	if key.Form == wire.Classic {
		to, _ = seal.ForPassword(key.Second.Reveal(), make([]byte, seal.SaltSize), seal.Iterations)
	}
	content, _ := s.credentials().Channel.MarshalPlain()
	s.answer(w, "simple", 200, to, seal.Header{Cty: seal.Text, Kid: first, Sub: r.PathValue("serial"), Nonce: r.FormValue("nonce")}, content)
}

func (s *server) credentials() *wire.Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &wire.Credentials{
		Device:  wire.Identity{Kid: "7HQ2M4XKZ9TB3RWD.1", Secret: "5ZK0XWQ8M3TN7R2VHB6CJ9PD4G"},
		Channel: wire.Channel{Provider: "embedded", ID: "142770", WriteKey: s.write, UpdateURL: s.URL + "/update"},
		Version: 1, NextCheck: 86400, Now: 1_790_000_000,
	}
}

func (s *server) answer(w http.ResponseWriter, door string, status int, to seal.Recipient, h seal.Header, content []byte) {
	sealed, err := seal.Seal(to, h, content)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	s.asked, s.last = append(s.asked, door), sealed
	var next func(http.ResponseWriter, []byte)
	if len(s.next) > 0 {
		next, s.next = s.next[0], s.next[1:]
	}
	s.mu.Unlock()
	if next != nil {
		next(w, sealed)
		return
	}
	w.WriteHeader(status)
	w.Write(sealed)
}

func (s *server) update(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("X-THINGSPEAKAPIKEY") != s.write {
		w.WriteHeader(400)
		fmt.Fprint(w, "0")
		return
	}
	r.ParseForm()
	s.rows = append(s.rows, r.PostForm.Encode())
	fmt.Fprint(w, len(s.rows))
}

// then queues answers to the next requests.
func (s *server) then(answers ...func(http.ResponseWriter, []byte)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, answers...)
}

func (s *server) recorded() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *server) rotate(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write = key
}

func says(status int, retryAfter int, body string) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func hangsUp(http.ResponseWriter, []byte) { panic(http.ErrAbortHandler) }

func spoils(spoil func(sealed []byte) []byte) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, sealed []byte) { w.Write(spoil(sealed)) }
}

// A clock that a test winds: sleeping takes no time and is remembered.
type clock struct {
	at    time.Time
	slept []time.Duration
	limit int // sleeps until the device is switched off; 0: none
}

func (c *clock) Now() time.Time { return c.at }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.at = c.at.Add(d)
	c.slept = append(c.slept, d)
	if c.limit > 0 && len(c.slept) >= c.limit {
		return context.Canceled
	}
	return ctx.Err()
}

// device is a new one at the server, whose state lives in a file.
func (s *server) device(key wire.RegKey) (*client.Client, *clock) {
	c := &clock{at: time.Unix(1_790_000_000, 0)}
	return &client.Client{
		Server: s.URL, Serial: serial, Key: key, UpdateURL: s.URL + "/update",
		Store: client.FileStore{Path: s.t.TempDir() + "/state.json"},
		HTTP:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Now:   c.Now, Sleep: c.Sleep,
	}, c
}

func state(t *testing.T, d *client.Client) client.State {
	t.Helper()
	s, err := d.Store.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
