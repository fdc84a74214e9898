package rest

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"halfkey/iam/fault"
)

// asked is a request with that query and header.
func asked(query, name, value string) echo.Context {
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.RawQuery = query
	if name != "" {
		r.Header[name] = []string{value}
	}
	return echo.New().NewContext(r, httptest.NewRecorder())
}

// told fails for an error that is not the caller's to mend.
func told(t *testing.T, err error) {
	t.Helper()
	if f := fault.Of(err); f != nil && f.Kind != fault.Malformed && f.Kind != fault.Unprocessable && f.Kind != fault.Stale {
		t.Fatalf("%v", err)
	}
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", cursor("devices", "01jd3x8q2n5v7w9y1k3m"), cursor("orgs", "x"), cursor("devices", ""), "!!", "b3Jncwpw"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		after, err := parseCursor("devices", s)
		told(t, err)
		if err == nil && s != "" && cursor("devices", after) != s {
			t.Fatalf("%q is another cursor for %q", s, after)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"", "q=cellar&state=active", "org=01jd3x8q2n5v7w9y1k3m", "q=%00", "q=%ff", "state=gone", "limit=99999999999999999999", "a=b;c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := asked(s, "", "")
		wanted, err := filterOf(c)
		told(t, err)
		if err == nil && strings.ContainsRune(wanted.Text, 0) {
			t.Fatal("a NUL reaches the database")
		}
		w, err := windowOf(c, "devices")
		told(t, err)
		if err == nil && (w.limit < 1 || w.limit > pageMost) {
			t.Fatalf("a page of %d", w.limit)
		}
	})
}

func FuzzMoment(f *testing.F) {
	for _, s := range []string{"", "2026-11-03T18:00:00Z", "2026-11-03T18:00:00+01:00", "9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00:00Z", "yesterday"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, to, err := span(asked(url.Values{"from": {s}, "to": {s}}.Encode(), "", ""))
		told(t, err)
		if err == nil && (!from.Equal(to) || from.UnixMicro() < 0 && !from.IsZero()) {
			t.Fatalf("%v %v", from, to)
		}
	})
}

func FuzzIfMatch(f *testing.F) {
	version, _ := tag(map[string]string{"name": "Household"})
	for _, s := range []string{"", "*", version, strings.TrimPrefix(version, "W/"), `"a", ` + version, `W/"`, ",,,", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := still(asked("", "If-Match", s), map[string]string{"name": "Household"})
		told(t, err)
		if named := strings.Contains(s, strings.TrimPrefix(version, "W/")) || strings.Contains(s, "*"); err == nil && !named {
			t.Fatalf("%q is no version of it", s)
		}
	})
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"name":"A"}`, `{"name":"A","name":"B"}`, `{"Name":"A"}`, `{"name":null}`, `[]`, `{"until":"2026-11-03T18:00:00Z"}`, `{"a/b~c":1}`, "\xff", `{"name":"\ud800"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var in struct {
			Name *string `json:"name"`
		}
		told(t, parse([]byte(s), &in))
	})
}
