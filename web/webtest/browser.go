package webtest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser is somebody's browser, as far as forms and links go: it keeps cookies
// as one does on its own machine and does not follow redirects by itself.
type Browser struct {
	http.Client
	base string
}

// Page is an answer.
type Page struct {
	Status int
	Header http.Header
	Body   string
}

// Browser opens a new one.
func (h *House) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The jar takes Secure cookies back over HTTPS only; a browser does so on
	// localhost too.
	return &Browser{base: h.URL, Client: http.Client{Jar: lax{jar}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// lax treats this machine as browsers do.
type lax struct{ http.CookieJar }

func (l lax) Cookies(u *url.URL) []*http.Cookie {
	s := *u
	s.Scheme = "https"
	return l.CookieJar.Cookies(&s)
}

func (l lax) SetCookies(u *url.URL, c []*http.Cookie) {
	s := *u
	s.Scheme = "https"
	l.CookieJar.SetCookies(&s, c)
}

// Get opens a page.
func (b *Browser) Get(t testing.TB, path string) Page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	return b.do(t, r)
}

// Post sends a form of names and values.
func (b *Browser) Post(t testing.TB, path string, kv ...string) Page {
	t.Helper()
	r := b.form(t, path, kv)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, r)
}

func (b *Browser) form(t testing.TB, path string, kv []string) *http.Request {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	return r
}

func (b *Browser) do(t testing.TB, r *http.Request) Page {
	t.Helper()
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Page{res.StatusCode, res.Header, string(body)}
}

// Wants stops the test at another status.
func (p Page) Wants(t testing.TB, status int) Page {
	t.Helper()
	if p.Status != status {
		t.Fatalf("got %d, want %d; Location %q\n%s", p.Status, status, p.Header.Get("Location"), p.main())
	}
	return p
}

// Says stops the test where a text is missing.
func (p Page) Says(t testing.TB, texts ...string) Page {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(p.Body, s) {
			t.Fatalf("the page does not say %q:\n%s", s, p.main())
		}
	}
	return p
}

// Silent stops the test where a text is there.
func (p Page) Silent(t testing.TB, texts ...string) Page {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(p.Body, s) {
			t.Fatalf("the page says %q:\n%s", s, p.main())
		}
	}
	return p
}

// Find gives what the first group of a pattern matches in the page.
func (p Page) Find(t testing.TB, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(p.Body)
	if m == nil {
		t.Fatalf("the page has nothing like %s:\n%s", pattern, p.main())
	}
	return m[1]
}

// Foreign sends a form as another site's page would make the browser do.
func (b *Browser) Foreign(t testing.TB, path string, kv ...string) Page {
	t.Helper()
	r := b.form(t, path, kv)
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return b.do(t, r)
}

// main is the page without its frame, for failures.
func (p Page) main() string {
	if i := strings.Index(p.Body, "<main"); i >= 0 {
		return p.Body[i:]
	}
	return p.Body
}

// Cookies are what the browser would send.
func (b *Browser) Cookies(t testing.TB) []*http.Cookie {
	t.Helper()
	u, err := url.Parse(b.base)
	if err != nil {
		t.Fatal(err)
	}
	return b.Jar.Cookies(u)
}
