package api

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"halfkey/devices/devicestest"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
	"halfkey/migrations"
	"halfkey/web/problem"
)

// A door is the house with its doors open.
type door struct {
	*devicestest.House
	echo *echo.Echo
	from string // the caller's address
}

func open(t testing.TB, db *migrations.DB, log io.Writer) *door {
	t.Helper()
	e := echo.New()
	logger := slog.New(slog.NewTextHandler(log, nil))
	e.HTTPErrorHandler = (&problem.Handler{Log: logger}).Handle
	h := devicestest.New(t, db)
	h.Log = logger
	(&Handler{Devices: h.Service, Log: logger}).Mount(e)
	return &door{House: h, echo: e, from: "192.0.2.7:4711"}
}

type reply struct{ *httptest.ResponseRecorder }

func (d *door) send(method, target, body string) reply {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = d.from
	w := httptest.NewRecorder()
	d.echo.ServeHTTP(w, r)
	return reply{w}
}

// proved registers with a proof made of key.
func (d *door) proved(key devicestest.Key, serial string) (reply, wire.Nonce) {
	nonce := wire.NewNonce()
	body := wire.Registration{First: key.First, Serial: wire.Serial(serial), Nonce: nonce}.Sign(auth(key))
	return d.send("POST", provedPath(serial), string(body)), nonce
}

func auth(key devicestest.Key) []byte {
	k := seal.Derive(key.First, key.Second.Reveal())
	return k.Auth[:]
}

func provedPath(serial string) string { return "/v1/devices/" + serial + "/registrations" }

func (d *door) simple(key devicestest.Key, serial string) reply {
	return d.send("GET", "/midpoint/ws/iot/devices/"+serial+"?key="+key.First, "")
}

func (r reply) wants(t testing.TB, status int) reply {
	t.Helper()
	if r.Code != status {
		t.Fatalf("got %d %s, want %d", r.Code, r.Body, status)
	}
	return r
}

// board registers at the proved door, expects the status and opens the answer.
func (d *door) board(t testing.TB, key devicestest.Key, serial string, status int) wire.Credentials {
	t.Helper()
	r, nonce := d.proved(key, serial)
	r.wants(t, status)
	return opened(t, r, key, serial, nonce)
}

func opened(t testing.TB, r reply, key devicestest.Key, serial string, nonce wire.Nonce) (c wire.Credentials) {
	t.Helper()
	content := unseal(t, r, key, serial, nonce)
	if err := json.Unmarshal(content, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// boardSimple registers at the simple door and opens the answer: channel and write key.
func (d *door) boardSimple(t testing.TB, key devicestest.Key, serial string) wire.Channel {
	t.Helper()
	r := d.simple(key, serial).wants(t, http.StatusOK)
	c, err := wire.ParsePlain(unseal(t, r, key, serial, ""))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// unseal opens an answer with the key's second half.
func unseal(t testing.TB, r reply, key devicestest.Key, serial string, nonce wire.Nonce) []byte {
	t.Helper()
	want := seal.Header{Cty: seal.JSON, Kid: key.First, Sub: serial, Nonce: string(nonce)}
	if nonce == "" {
		want.Cty = seal.Text
	}
	var content []byte
	var err error
	if key.Form == wire.Classic {
		content, err = seal.OpenPassword(key.Second.Reveal(), seal.Iterations, want, r.Body.Bytes())
	} else {
		content, err = seal.Open(seal.Derive(key.First, key.Second.Reveal()).Seal, want, r.Body.Bytes())
	}
	if err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	return content
}
