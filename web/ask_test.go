package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

var blank = regexp.MustCompile(`\{[a-z_]+\}`)

// fill puts what a place has into the blanks of an address or a form.
func (w *town) fill(t *testing.T, text, place string) string {
	t.Helper()
	return blank.ReplaceAllStringFunc(text, func(b string) string {
		name := b[1 : len(b)-1]
		switch name {
		case "child", "own":
			return w.places[name]["org"]
		case "tomorrow":
			return w.Now().AddDate(0, 0, 1).Format(time.DateOnly)
		case "soon":
			return w.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		case "nothing":
			return "00000000000000000000"
		}
		v, ok := w.places[place][name]
		if !ok {
			t.Fatalf("there is no %s at %s", name, place)
		}
		return v
	})
}

// ask sends a request in somebody's name. Of an answer that does not end only
// the beginning is read.
func (w *town) ask(t *testing.T, name, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	r = r.WithContext(ctx)
	r.Host = "localhost"
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", "text/html")
	switch {
	case strings.HasPrefix(path, "/events"):
		r.Header.Set("Accept", "text/event-stream")
	case strings.HasPrefix(path, "/api/"), strings.HasPrefix(path, "/scim/"):
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s := w.callers[name]; s != nil {
		for _, c := range s.cookie {
			r.AddCookie(c)
		}
		if s.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+s.bearer)
		}
	}
	for _, h := range headers {
		key, value, _ := strings.Cut(h, ":")
		r.Header.Set(key, value)
	}
	answer := httptest.NewRecorder()
	var out http.ResponseWriter = answer
	if strings.HasPrefix(path, "/events") {
		out = hangsUp{answer, cancel}
	}
	w.doors.ServeHTTP(out, r)
	return answer
}

// hangsUp ends a request with the first flush of its answer.
type hangsUp struct {
	*httptest.ResponseRecorder
	end func()
}

func (h hangsUp) Flush() { h.ResponseRecorder.Flush(); h.end() }
