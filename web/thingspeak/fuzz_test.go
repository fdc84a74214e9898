package thingspeak

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"halfkey/connectors/channels"
)

// What the parameter reader makes of anything is text that the store takes.
func FuzzParams(f *testing.F) {
	for _, s := range []string{"api_key=K&field1=21.5", "KEY&field1=21.5\r\n\r\n", `{"field1":21.5,"field2":null,"tags":["a",1,{}]}`, "a=%zz&b=%f", "1=+%2B", "{", "[]", "=&==&a", `{"a":"\ud800"}`} {
		f.Add(s, s, "application/x-www-form-urlencoded")
		f.Add("", s, "application/json")
	}
	f.Fuzz(func(t *testing.T, query, body, contentType string) {
		r := httptest.NewRequest("GET", "/update", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		p, _ := readParams(r, maxUpdate)
		if len(p) > maxParams {
			t.Fatalf("%d parameters", len(p))
		}
		for _, v := range p {
			if !utf8.ValidString(v.value) || strings.ContainsRune(v.value, 0) || strings.HasSuffix(v.value, "\n") {
				t.Fatalf("%q is not fit to be stored", v.value)
			}
		}
		e := entryOf(p, time.Unix(1.8e9, 0))
		if e.Created != nil && (e.Created.Year() < 1970 || e.Created.Year() > 2200) {
			t.Fatalf("created at %v", e.Created)
		}
		_ = settingsOf(p)
		_ = apiKey(r, p)
		if b := appendValue(nil, stored(channels.Receipt{}, e)); !json.Valid(b) {
			t.Fatalf("no JSON: %s", b)
		}
	})
}

// A mended line is one that net/http reads; a sound one passes untouched, however
// the bytes arrive.
func FuzzRequestLine(f *testing.F) {
	for _, s := range []string{"GET /update?key=K&field1=1\r\n", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /  HTTP/1.0\r\n\r\n", "\r\nGET /x\n", "POST /update HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1. HTTP/1.1\n", "GET /", "\x16\x03\x01"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, sent []byte, step int) {
		if len(sent) > 4096 {
			return
		}
		c := &deviceConn{Conn: &pieces{rest: sent, step: max(step, 1)}}
		c.fresh.Store(true)
		got, _ := io.ReadAll(c)
		end := lineEnd(sent)
		switch {
		case end == 0:
			if len(got) > 0 && !bytes.Equal(got, sent) {
				t.Fatalf("an unfinished line became %q", got)
			}
		case sound(sent[:end]):
			if !bytes.Equal(got, sent) {
				t.Fatalf("%q became %q", sent, got)
			}
		default:
			line, _, _ := strings.Cut(strings.TrimLeft(string(got), "\r\n"), "\n")
			if at := strings.IndexByte(line, '/'); !strings.Contains(line, " HTTP/1.") || strings.Count(line[at:strings.LastIndex(line, " HTTP/1.")], " ") != 0 {
				t.Fatalf("%q became %q", sent, got)
			}
		}
	})
}

// pieces is a connection that brings a few bytes at a time.
type pieces struct {
	net.Conn
	rest []byte
	step int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.step, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2016-12-21T11:11:11Z", "2016-12-21 11:11:11", "2016-12-21T11:11:11.123+01:00", "2016-12-21 11:11:11 UTC", "20161221", "0000-00-00 00:00:00", "9999-12-31T23:59:59Z"} {
		f.Add(s, "Europe/Prague", "1")
	}
	f.Fuzz(func(t *testing.T, s, zone, offset string) {
		p := Params{{"timezone", zone}, {"offset", offset}}
		at, ok := channels.ParseTime(s, zoneOf(p), time.Unix(1.8e9, 0))
		if !ok {
			return
		}
		again, ok := channels.ParseTime(strings.Trim(string(appendValue(nil, moment{at, time.UTC})), `"`), time.UTC, time.Unix(1.8e9, 0))
		if !ok || !again.Equal(at.Truncate(time.Second)) {
			t.Fatalf("%q is %v, written and read again %v", s, at, again)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"results=10", "days=2&start=2026-01-01", "minutes=-1", "results=99999999999999999999", "min=nan&max=1e999&round=15", "end=2026-01-01 10:00:00&offset=-5", "type=bar&yaxismin=1e308&yaxismax=-1e308&width=auto&height=1px",
		"api_key=READ&bgcolor=%23ffffff&color=%23d62020&dynamic=true&results=60&type=line"} {
		f.Add(s, "21.5", "1e308")
	}
	f.Fuzz(func(t *testing.T, query, a, b string) {
		now := time.Unix(1.8e9, 0)
		p := parseForm(nil, query)
		q := readingOf(p, now)
		if q.Results < 0 || q.Results > channels.MaxRows || math.IsNaN(q.min) || math.IsNaN(q.max) {
			t.Fatalf("%q is %+v", query, q)
		}
		q.field = 1
		rows := []channels.Row{{Created: now}, {Created: now.Add(time.Hour)}}
		rows[0].Fields[0], rows[1].Fields[0] = &a, &b
		d := newDrawing(channels.Channel{Name: "Garage"}, q, rows, p)
		var page bytes.Buffer
		if err := chartPage(d).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		if n := page.Len(); n > 64<<10+8*len(query) {
			t.Fatalf("a page of %d bytes", n)
		}
		for _, r := range q.fold.rows(rows, q.zone) {
			wellFormed(t, rowOf(channels.Channel{}, &r, q))
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"/update", "/update.json", "/channels/1/feeds/last.txt", "//", "/channels/1.2/feeds", "/.json", "/channels/1/fields/1/last/a/b/c"} {
		f.Add(s)
	}
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%q: %d", path, w.Code)
		}
	})
}

// wellFormed looks at what every program that reads us relies on.
func wellFormed(t *testing.T, o object) {
	t.Helper()
	text := true
	for _, m := range o {
		if v, ok := m.value.(*string); ok && v != nil {
			text = text && utf8.ValidString(*v)
		}
	}
	if !text {
		return // nothing but text is ever stored
	}
	if b := appendValue(nil, o); !json.Valid(b) {
		t.Fatalf("no JSON: %s", b)
	}
	for r := xml.NewDecoder(bytes.NewReader(asElement("feed", o))); ; {
		if _, err := r.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v in %s", err, asElement("feed", o))
		}
	}
	if table, err := csv.NewReader(bytes.NewReader(asTable(o, []object{o}))).ReadAll(); err != nil || len(table) != 2 {
		t.Fatalf("no CSV: %v in %s", err, asTable(o, []object{o}))
	}
}

func FuzzBulk(f *testing.F) {
	for _, s := range []string{`{"write_api_key":"K","updates":[{"created_at":"2026-01-01 10:00:00 +0100","field1":1},{"created_at":1767225600,"status":"x"}]}`,
		`{"updates":[{"delta_t":0,"field1":"a"},{"delta_t":1.5}]}`, `{"updates":[{"delta_t":-1}]}`, `{"updates":[null,{}]}`,
		"2026-01-01T00:00:00Z,1,,3|1767225600,2,,,,,,,,48.2,17.1,100,all, is well", "0,1|5,2|NaN,3", "|,|", ","} {
		f.Add(s)
	}
	now := time.Unix(1.8e9, 0)
	f.Fuzz(func(t *testing.T, s string) {
		a, _, err := bulkJSON([]byte(s), now)
		for _, relative := range []bool{true, false} {
			if b, failed := bulkCSV(s, relative, now); failed == nil {
				a = append(a, b...)
			}
		}
		if err != nil && len(a) > channels.MaxBulk*2 {
			t.Fatalf("%d rows", len(a))
		}
		for _, e := range a {
			if e.Created == nil || e.Created.Year() < 1970 || e.Created.Year() > 2200 {
				t.Fatalf("%q has a row of %v", s, e.Created)
			}
		}
	})
}

// A name that comes through is one that cannot be anything but a name.
func FuzzCallback(f *testing.F) {
	for _, s := range []string{"fn", "jQuery123_456.cb", "alert(1)//", "1a", "a-b", "a.b[0]", "$", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if name := callback(Params{{"callback", s}}); name != "" && !regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$.]*$`).MatchString(name) {
			t.Fatalf("%q", name)
		}
	})
}
