package rest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"halfkey/web/webtest"
)

// described is the validator of openapi.yaml.
var described = sync.OnceValues(func() (validator.Validator, error) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// house is The Simpsons' with its callers.
type house struct {
	*webtest.Simpsons
	homer, marge *caller
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s := webtest.New(t).Furnish(t)
	return &house{s, as(s.House, s.Homer), as(s.House, s.Marge)}
}

// as is a program that calls with a browser's session.
func as(h *webtest.House, b *webtest.Browser) *caller {
	return &caller{http: &b.Client, base: h.URL}
}

// nobody calls without saying who he is.
func (h *house) nobody() *caller { return &caller{http: &http.Client{}, base: h.URL} }

// caller is somebody who uses the API. Every request and every answer is held
// against the description.
type caller struct {
	http *http.Client
	base string
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// do sends a request; kv are header fields. A body that is no string is sent as JSON.
func (c *caller) do(t *testing.T, method, path string, body any, kv ...string) answer {
	t.Helper()
	return c.send(t, true, method, path, body, kv...)
}

// odd is do for a request that does not keep to the description.
func (c *caller) odd(t *testing.T, method, path string, body any, kv ...string) answer {
	t.Helper()
	return c.send(t, false, method, path, body, kv...)
}

func (c *caller) send(t *testing.T, proper bool, method, path string, body any, kv ...string) answer {
	t.Helper()
	raw, isText := []byte(nil), false
	if body != nil {
		var s string
		if s, isText = body.(string); isText {
			raw = []byte(s)
		} else {
			raw, _ = json.Marshal(body)
		}
	}
	if !strings.HasPrefix(path, "/api/v1") {
		path = "/api/v1" + path
	}
	r, err := http.NewRequestWithContext(t.Context(), method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(kv); i += 2 {
		r.Header.Set(kv[i], kv[i+1])
	}
	res, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{t: t, status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	c.check(t, proper, r, raw, res, a.body)
	return a
}

// check holds what was said against the description.
func (c *caller) check(t *testing.T, proper bool, r *http.Request, sent []byte, res *http.Response, got []byte) {
	t.Helper()
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	asked := r.Clone(t.Context())
	if c.http.Jar != nil { // the client adds them on the way
		for _, cookie := range c.http.Jar.Cookies(r.URL) {
			asked.AddCookie(cookie)
		}
	}
	if asked.Header.Get("Cookie") == "" && asked.Header.Get("Authorization") == "" {
		proper = false // nobody: the description wants somebody
	}
	if proper {
		asked.Body = io.NopCloser(bytes.NewReader(sent))
		if ok, wrong := v.ValidateHttpRequest(asked); !ok {
			for _, w := range wrong {
				t.Errorf("%s %s: the request: %s: %s %v", r.Method, r.URL.Path, w.Message, w.Reason, w.SchemaValidationErrors)
			}
		}
	}
	res.Body = io.NopCloser(bytes.NewReader(got))
	if ok, wrong := v.ValidateHttpResponse(asked, res); !ok {
		for _, w := range wrong {
			t.Errorf("%s %s: the answer %d: %s: %s %v\n%s", r.Method, r.URL.Path, res.StatusCode, w.Message, w.Reason, w.SchemaValidationErrors, got)
		}
	}
}

// wants fails unless the answer has the status.
func (a answer) wants(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%d, not %d: %s", a.status, status, a.body)
	}
	return a
}

// refuses fails unless the answer is a problem with the status and code.
func (a answer) refuses(status int, code string) answer {
	a.t.Helper()
	a.wants(status)
	if got := a.object()["type"]; got != "urn:halfkey:problem:"+code {
		a.t.Fatalf("%v, not %s: %s", got, code, a.body)
	}
	return a
}

// object is the answer's JSON object.
func (a answer) object() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	return m
}

// text is a member of the answer's object.
func (a answer) text(name string) string {
	a.t.Helper()
	s, ok := a.object()[name].(string)
	if !ok {
		a.t.Fatalf("no %s in %s", name, a.body)
	}
	return s
}

// items are the answer's list, as objects.
func (a answer) items() (all []map[string]any) {
	a.t.Helper()
	var p struct{ Items []map[string]any }
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	return p.Items
}

// next is the address of the next page, or "".
func (a answer) next() string {
	a.t.Helper()
	s, _ := a.object()["next"].(string)
	return s
}

func query(kv ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		q.Set(kv[i], kv[i+1])
	}
	return "?" + q.Encode()
}
