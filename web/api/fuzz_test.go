package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/migrations/dbtest"
)

func unlimited(d *door) {
	d.Bounds = devices.Bounds{Refusals: 1 << 30, Answers: 1 << 30, Proved: 1 << 30, Simple: 1 << 30, Strangers: 1 << 30}
}

// Whatever comes through the doors, the answer is the protocol's and never a
// failure of ours.
func FuzzProvedDoor(f *testing.F) {
	d := open(f, dbtest.SQLite(f), io.Discard)
	unlimited(d)
	key := d.Key(f)
	good := string(wire.Registration{First: key.First, Serial: serialNo, Nonce: "AAECAwQFBgcICQoLDA0ODw"}.Sign(auth(key)))
	for _, body := range []string{good, good[:len(good)-1], "", "..", "a.b.c", strings.Repeat(".", 5000), good + "\n", "\x00" + good} {
		f.Add("/v1/devices/"+serialNo+"/registrations", body)
	}
	f.Add("/v1/devices/%37/registrations", good)
	f.Add("/v1/devices/%2f/registrations", good)
	f.Add("/v1/devices//registrations", good)
	f.Fuzz(func(t *testing.T, path, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Skip()
		}
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.URL, r.RequestURI = u, path
		d.answersLike(t, r, 200, 201, 400, 403, 404, 405, 413, 431)
	})
}

func FuzzSimpleDoor(f *testing.F) {
	d := open(f, dbtest.SQLite(f), io.Discard)
	unlimited(d)
	key := d.Key(f, Classic)
	for _, query := range []string{"key=" + key.First, "key=", "", "key=1&key=2", "%6bey=" + key.First, "key=%", "nonce=a&key=" + key.First, key.First, "key=" + key.Typed(), "&&;=&key", "key=%00"} {
		f.Add("/midpoint/ws/iot/devices/"+serialNo, query)
	}
	f.Add("/ws/iot/devices/%41", "key="+key.First)
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.RawQuery != "" {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", nil)
		u.RawQuery = query
		r.URL, r.RequestURI = u, path+"?"+query
		d.answersLike(t, r, 200, 400, 403, 404, 405, 431)
	})
}

func (d *door) answersLike(t *testing.T, r *http.Request, allowed ...int) {
	w := httptest.NewRecorder()
	d.echo.ServeHTTP(w, r)
	for _, status := range allowed {
		if w.Code == status {
			return
		}
	}
	t.Fatalf("%s: %d %s", r.URL, w.Code, w.Body)
}
