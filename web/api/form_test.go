package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/migrations/dbtest"
)

func TestWhatCannotBeReadIsToldWhatAndWhere(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t, SimpleDoor)
	path, simple := provedPath(serialNo), "/ws/iot/devices/"+serialNo
	token := string(wire.Registration{First: key.First, Serial: serialNo, Nonce: wire.NewNonce()}.Sign(auth(key)))
	for name, c := range map[string]struct {
		method, target, body string
		status               int
		says                 string
	}{
		"not a token":               {"POST", path, "hello", 400, `{"type":"urn:halfkey:problem:malformed","title":"Malformed.","status":400,"detail":"token: want three parts joined by dots"}`},
		"another serial":            {"POST", provedPath("other"), token, 400, `sub: not the serial of the path`},
		"white space is dropped":    {"POST", provedPath("%37" + serialNo[1:]), "\r\n " + token + "\n", 201, ""},
		"a serial encoded twice":    {"POST", provedPath("%2537" + serialNo[1:]), token, 400, "serial"},
		"a slash in the serial":     {"POST", provedPath("a%2Fb"), token, 400, "serial"},
		"a huge body":               {"POST", path, strings.Repeat("a", 4097), 413, `{"type":"urn:halfkey:problem:too-large","title":"Too large.","status":413}`},
		"another method":            {"PUT", path, token, 405, "method"},
		"options":                   {"OPTIONS", path, "", 405, "method"},
		"no such route":             {"POST", path + "/x", token, 404, ""},
		"no key":                    {"GET", simple, "", 400, "malformed: key: want it exactly once\n"},
		"two keys":                  {"GET", simple + "?key=" + key.First + "&key=" + key.First, "", 400, "malformed: key: want it exactly once\n"},
		"two keys, one encoded":     {"GET", simple + "?key=" + key.First + "&%6Bey=" + key.First, "", 400, "exactly once"},
		"a U in the key":            {"GET", simple + "?key=QK7M2X9D4U", "", 400, "malformed: key: "},
		"a key of nine":             {"GET", simple + "?key=QK7M2X9D4", "", 400, "malformed: key: "},
		"a short nonce":             {"GET", simple + "?nonce=abc&key=" + key.First, "", 400, "malformed: nonce: "},
		"two nonces":                {"GET", simple + "?nonce=a&nonce=b&key=" + key.First, "", 400, "malformed: nonce: "},
		"a wrongly encoded key":     {"GET", simple + "?key=%zz", "", 400, "malformed: key: wrongly encoded\n"},
		"HEAD":                      {"HEAD", simple + "?key=" + key.First, "", 405, ""},
		"POST at the simple door":   {"POST", simple + "?key=" + key.First, "", 405, "method not allowed\n"},
		"a serial with a space":     {"GET", "/midpoint/ws/iot/devices/a%20b?key=" + key.First, "", 400, "malformed: serial: "},
		"a serial of 65":            {"GET", "/ws/iot/devices/" + strings.Repeat("a", 65) + "?key=" + key.First, "", 400, "malformed: serial: "},
		"a serial with a dot ahead": {"GET", "/ws/iot/devices/.a?key=" + key.First, "", 400, "malformed: serial: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := d.send(c.method, c.target, c.body).wants(t, c.status)
			if !strings.Contains(r.Body.String(), c.says) || strings.Contains(r.Body.String(), key.First) {
				t.Fatalf("%s", r.Body)
			}
			if c.status != 404 && (r.Header().Get("Content-Length") != fmt.Sprint(r.Body.Len()) && c.method != "HEAD" || r.Header().Get("X-Request-Id") == "" || r.Header().Get("Cache-Control") != "no-store") {
				t.Fatalf("%v", r.Header())
			}
			if c.status == 405 && r.Header().Get("Allow") == "" {
				t.Fatal("no Allow")
			}
		})
	}
	t.Run("a huge header", func(t *testing.T) {
		q := httptest.NewRequest("GET", simple+"?key="+key.First, nil)
		q.Header.Set("X-Long", strings.Repeat("a", 8<<10))
		w := httptest.NewRecorder()
		d.echo.ServeHTTP(w, q)
		reply{w}.wants(t, 431)
	})
}

// A 400 is judged before any record is read, so it says nothing about keys.
func TestFormIsJudgedWithoutTheDatabase(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t)
	if err := d.DB.Exec("ALTER TABLE registration_keys RENAME TO gone").Error; err != nil {
		t.Fatal(err)
	}
	d.send("POST", provedPath(serialNo), "a.b.c").wants(t, 400)
	d.send("GET", "/ws/iot/devices/"+serialNo+"?key=1", "").wants(t, 400)
	r, _ := d.proved(key, serialNo) // our own trouble is never a 500
	r.wants(t, 503)
	if r.Body.String() != `{"type":"urn:halfkey:problem:unavailable","title":"Try again later.","status":503}` || r.Header().Get("Retry-After") == "" {
		t.Fatalf("%s %v", r.Body, r.Header())
	}
	if r := d.send("GET", "/ws/iot/devices/"+serialNo+"?key="+key.First, ""); r.wants(t, 503).Body.String() != "unavailable\n" {
		t.Fatal(r.Body)
	}
}

func TestOldAndOddHTTPIsServed(t *testing.T) {
	var log bytes.Buffer
	d := open(t, dbtest.SQLite(t), &log)
	key := d.Key(t, Classic)
	server := httptest.NewServer(d.echo)
	defer server.Close()
	raw := func(request string) (*http.Response, string) {
		t.Helper()
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, request)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		return res, string(body)
	}
	res, body := raw("GET /midpoint/ws/iot/devices/" + serialNo + "?key=" + key.First + " HTTP/1.0\r\n\r\n")
	if res.StatusCode != 200 || len(res.TransferEncoding) > 0 || res.ContentLength != int64(len(body)) || strings.Count(body, ".") != 4 || strings.HasSuffix(body, "\n") {
		t.Fatalf("%+v %q", res, body)
	}
	standard := d.Key(t)
	token := string(wire.Registration{First: standard.First, Serial: "x", Nonce: wire.NewNonce()}.Sign(auth(standard)))
	res, body = raw("POST " + provedPath("x") + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
		fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(token), token))
	if res.StatusCode != 201 || len(res.TransferEncoding) > 0 || res.ContentLength != int64(len(body)) {
		t.Fatalf("%+v %q", res, body)
	}
	res, _ = raw("POST " + provedPath("x") + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1001\r\n" + strings.Repeat("a", 0x1001) + "\r\n0\r\n\r\n")
	if res.StatusCode != 413 {
		t.Fatalf("%+v", res)
	}
	res, body = raw("HEAD /ws/iot/devices/" + serialNo + "?key=" + key.First + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if res.StatusCode != 405 {
		t.Fatalf("%+v %q", res, body)
	}
	if log.Len() > 0 {
		t.Fatalf("something was logged: %s", &log)
	}
}
