package web_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"halfkey/web/webtest"
)

// attacked is the town of the matrix with its rows, for attacks on all of them.
func attacked(t *testing.T) (*town, *matrix) {
	t.Helper()
	m := readMatrix(t)
	w := newTown(t)
	w.populate(t, m)
	return w, m
}

// bySession tells whether a browser's cookie opens a row's address.
func (r *row) bySession() bool {
	for _, own := range []string{"/scim/", "/oauth/", "/ws/", "/midpoint/", "/v1/", "/token_keys", "/.well-known/", "/healthz", "/readyz"} {
		if strings.HasPrefix(r.path, own) {
			return false
		}
	}
	return !strings.HasPrefix(r.path, "/api/") || strings.HasPrefix(r.path, "/api/v1/")
}

func changes(method string) bool {
	return slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method)
}

// Another site makes the owner's browser send any form of ours: nothing of it is done.
func TestNoAddressTakesWhatAnotherSiteSends(t *testing.T) {
	w, m := attacked(t)
	for _, r := range m.rows {
		method := r.methods[0]
		if !changes(method) || !r.bySession() {
			continue
		}
		before := w.one(t, "SELECT COUNT(*) || '' FROM audit WHERE outcome = 'ok'")
		w.try(t, func() {
			for _, from := range [][]string{{"Sec-Fetch-Site:cross-site", "Origin:https://evil.example"}, {"Sec-Fetch-Site:", "Origin:https://evil.example"}, {"Sec-Fetch-Site:same-site"}} {
				answer := w.ask(t, "founder", method, w.fill(t, r.path, "own"), w.fill(t, r.body, "own"), append(slices.Clone(r.headers), from...)...)
				if answer.Code != http.StatusForbidden || !strings.Contains(answer.Body.String(), "cross-site") && !strings.Contains(answer.Body.String(), "another site") {
					t.Errorf("%s %s with %v is answered %d", method, r.path, from, answer.Code)
				}
			}
			if after := w.one(t, "SELECT COUNT(*) || '' FROM audit WHERE outcome = 'ok'"); after != before {
				t.Errorf("%s %s was done for another site", method, r.path)
			}
		})
	}
}

// No page can be put into another site's frame but those that are made for it,
// which have nothing to press; none is taken for something else.
func TestNoPageStandsInAForeignFrame(t *testing.T) {
	w, m := attacked(t)
	for _, r := range m.rows {
		if r.methods[0] != http.MethodGet || !r.bySession() {
			continue
		}
		for _, who := range []string{"founder", "stranger", "nobody"} {
			answer := w.ask(t, who, http.MethodGet, w.fill(t, r.path, "own"), "")
			h := answer.Header()
			if h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: its kind may be guessed", r.path)
			}
			if !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
				continue
			}
			framed := strings.HasPrefix(r.path, "/embed/")
			if csp := h.Get("Content-Security-Policy"); strings.Contains(csp, "frame-ancestors 'none'") == framed || strings.Contains(csp, "unsafe") {
				t.Errorf("%s for %s (%d): policy %q", r.path, who, answer.Code, csp)
			}
			if body := answer.Body.String(); framed && (strings.Contains(body, "<form") || strings.Contains(body, "<button") || strings.Contains(body, "<a ")) {
				t.Errorf("%s stands in foreign frames and has something to press", r.path)
			}
		}
	}
}

// An id of another tenant is answered as one that never was, to the letter.
func TestWhatIsAnothersIsAnsweredAsWhatNeverWas(t *testing.T) {
	w, m := attacked(t)
	for _, r := range m.rows {
		path, query, _ := strings.Cut(r.path, "?")
		if !r.bySession() || r.link() || !blank.MatchString(path) || !r.everywhere() {
			continue
		}
		for _, who := range []string{"viewer", "manager", "owner"} {
			ask := func(path, query string) (got *httptest.ResponseRecorder) {
				if query != "" {
					path += "?" + query
				}
				w.try(t, func() {
					got = w.ask(t, who, r.methods[0], path, w.fill(t, r.body, "tenant"), r.headers...)
				})
				return got
			}
			theirs, none := w.fill(t, path, "tenant"), w.madeUp(path)
			hidden, never := ask(theirs, w.fill(t, query, "tenant")), ask(none, w.fill(t, query, "tenant"))
			if hidden.Code != never.Code || told(hidden, theirs) != told(never, none) {
				t.Errorf("%s %s: %s is answered\n%d %s\nand for what never was\n%d %s", r.methods[0], r.path, who, hidden.Code, cutTo(told(hidden, theirs)), never.Code, cutTo(told(never, none)))
			}
		}
	}
}

// madeUp fills an address with ids that nothing has.
func (w *town) madeUp(path string) string {
	return blank.ReplaceAllStringFunc(path, func(b string) string {
		switch b {
		case "{channel}":
			return "99999999"
		case "{agent}":
			return "00000000000000000000000000000001"
		}
		return "00000000000000000001"
	})
}

var fleeting = regexp.MustCompile(`data-now="[^"]*"`)

// told is an answer without what names this very request.
func told(answer *httptest.ResponseRecorder, path string) string {
	text := strings.ReplaceAll(answer.Body.String(), answer.Header().Get("X-Request-Id"), "")
	text = strings.ReplaceAll(text, path, "")
	text = fleeting.ReplaceAllString(text, "")
	for i, part := range strings.Split(path, "/") {
		if i > 0 && len(part) >= 8 && strings.ContainsAny(part, "0123456789") {
			text = strings.ReplaceAll(text, part, "")
		}
	}
	return text + answer.Header().Get("ETag")
}

func cutTo(s string) string { return s[:min(len(s), 400)] }

// What the API does not know in a document it refuses; nothing is set by the way.
func TestNothingIsSetByTheWay(t *testing.T) {
	w, m := attacked(t)
	for _, r := range m.rows {
		if !strings.HasPrefix(r.path, "/api/v1/") || !strings.HasPrefix(r.body, "{") {
			continue
		}
		for _, more := range []string{`"tenant":"x",`, `"granted_by":"x",`, `"source":"founding",`, `"state":"active",`} {
			if strings.Contains(r.body, strings.SplitN(more, ":", 2)[0]+":") {
				continue
			}
			w.try(t, func() {
				answer := w.ask(t, "founder", r.methods[0], w.fill(t, r.path, "own"), "{"+more+w.fill(t, r.body, "own")[1:])
				if answer.Code != http.StatusBadRequest {
					t.Errorf("%s %s with %s is answered %d", r.methods[0], r.path, more, answer.Code)
				}
			})
		}
	}
}

// Who manages people gives nobody more than he has, himself least of all.
func TestNobodyClimbsThroughADoor(t *testing.T) {
	w, _ := attacked(t)
	me := string(w.callers["manager"].id)
	mine := w.one(t, "SELECT id FROM assignments WHERE subject_id = ? AND org_id = ?", me, w.places["own"]["org"])
	for _, a := range []struct{ method, path, body string }{
		{"POST", "/people/invite", "org={org}&email=lisa@simps.net&role=owner"},
		{"POST", "/people/invite", "org={org}&email=lisa@simps.net&role=platform-admin"},
		{"POST", "/people/" + me + "/roles", "org={org}&role=owner&sure=1"},
		{"POST", "/api/v1/orgs/{org}/invitations", `{"email":"lisa@simps.net","role":"owner"}`},
		{"POST", "/api/v1/orgs/{org}/roles", `{"to":"` + me + `","role":"owner"}`},
		{"POST", "/api/v1/orgs/{org}/roles", `{"to":"` + me + `","role":"platform-admin"}`},
		{"PATCH", "/api/v1/roles/" + mine, `{"role":"owner"}`},
		{"PATCH", "/api/v1/roles/" + mine, `{"until":null,"org":"` + string(w.Tenant) + `"}`},
		{"POST", "/api/v1/services/{service}/roles", `{"role":"owner"}`},
		{"POST", "/api/v1/roles/" + mine + "/deputies", `{"to":"marge@simps.net","role":"owner","until":"{soon}"}`},
		{"POST", "/api/v1/orgs/{org}/shares", `{"to":"marge@simps.net","role":"owner"}`},
		{"POST", "/api/v1/me/tokens", `{"label":"x","not_after":"{soon}","role":"owner","org":"` + w.places["tenant"]["org"] + `"}`},
	} {
		w.try(t, func() {
			held := "SELECT COUNT(*) || '' FROM assignments WHERE ended_at IS NULL"
			before := w.one(t, held)
			answer := w.ask(t, "manager", a.method, w.fill(t, a.path, "own"), w.fill(t, a.body, "own"))
			if answer.Code < 400 || answer.Code >= 500 || w.one(t, held) != before {
				t.Errorf("%s %s %s is answered %d %s", a.method, a.path, a.body, answer.Code, cutTo(answer.Body.String()))
			}
		})
		w.part(t)
	}
}

// A line break in what a caller writes ends no header of the answer.
func TestNoHeaderIsSlippedIn(t *testing.T) {
	w, _ := attacked(t)
	const evil = "%0d%0aSet-Cookie:%20evil=1"
	for _, a := range []struct{ method, path, body string }{
		{"GET", "/devices?q=x" + evil, ""}, {"GET", "/k/" + evil, ""}, {"GET", "/problems/" + evil, ""}, {"GET", "/login/oidc/" + evil, ""},
		{"POST", "/theme", "theme=dark&back=/" + evil}, {"POST", "/logout", "next=/" + evil}, {"POST", "/pending/" + w.places["own"]["pending"] + "/refuse", "back=/" + evil},
		{"GET", "/api/v1/devices?q=x" + evil, ""}, {"GET", "/audit/keys/export?org=" + w.places["own"]["org"] + evil, ""},
	} {
		w.try(t, func() {
			answer := w.ask(t, "founder", a.method, a.path, a.body)
			for name, values := range answer.Header() {
				for _, v := range values {
					if strings.ContainsAny(v, "\r\n") || strings.HasPrefix(v, "evil=") {
						t.Errorf("%s %s: %s: %q", a.method, a.path, name, v)
					}
				}
			}
		})
	}
}

// Whatever somebody writes into a link or a form of ours, nobody is led by it to
// another site: at once, by the page, or by the next form.
func TestNobodyIsLedToAnotherSite(t *testing.T) {
	w, m := attacked(t)
	for _, r := range m.rows {
		method := r.methods[0]
		if !r.bySession() || strings.HasPrefix(r.path, "/api/") || strings.HasPrefix(r.path, "/events") || method != http.MethodGet && method != http.MethodPost {
			continue
		}
		for _, evil := range []string{"//evil.example/", "https://evil.example/", "/\\evil.example/", "/%2f%2fevil.example/", "\thttps://evil.example/"} {
			lead := url.Values{"next": {evil}, "back": {evil}, "return": {evil}, "url": {evil}}.Encode()
			path, body := w.fill(t, r.path, "own"), w.fill(t, r.body, "own")
			if method == http.MethodPost && !strings.Contains(body, "url=") {
				body = strings.TrimPrefix(body+"&"+lead, "&")
			}
			if path += "?"; strings.Count(path, "?") > 1 {
				path = strings.TrimSuffix(path, "?") + "&"
			}
			for _, who := range []string{"founder", "nobody"} {
				w.try(t, func() {
					answer := w.ask(t, who, method, path+lead, body, r.headers...)
					to, err := url.Parse(answer.Header().Get("Location"))
					if err != nil || to.Host != "" || strings.HasPrefix(to.Path, "//") || strings.Contains(to.Path, "\\") || strings.Contains(answer.Header().Get("Refresh"), "evil") {
						t.Errorf("%s %s with %q leads %s to %s", method, r.path, evil, who, answer.Header())
					}
					for _, part := range []string{`href="`, `action="`, `formaction="`, `src="`} {
						if strings.Contains(answer.Body.String(), part+html.EscapeString(evil)) {
							t.Errorf("%s %s with %q shows %s a way there", method, r.path, evil, who)
						}
					}
				})
				w.part(t)
			}
		}
	}
}

// A sign-in that succeeds is the moment at which a link of another's would lead on.
func TestWhoSignsInStaysInTheHouse(t *testing.T) {
	s := furnished(t)
	for _, evil := range []string{"//evil.example/", "https://evil.example/", "/\\evil.example/"} {
		b := s.Browser(t)
		b.Get(t, "/login?"+url.Values{"next": {evil}}.Encode()).Wants(t, 200).Silent(t, "evil.example")
		if to := b.Get(t, "/login?"+url.Values{"org": {"x"}, "next": {evil}}.Encode()).Header.Get("Location"); strings.Contains(to, "evil") {
			t.Errorf("%q leads to %s", evil, to)
		}
		if to := b.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password, "next", evil).Wants(t, 303).Header.Get("Location"); to != "/" {
			t.Errorf("the sign-in with %q leads to %s", evil, to)
		}
	}
}

// Who may not do a deed is not asked whether he is sure either: a question tells
// what lies there.
func TestNobodyIsAskedWhetherHeIsSureOfWhatHeMayNotDo(t *testing.T) {
	w, m := attacked(t)
	for _, r := range m.rows {
		if !strings.Contains(r.body, "sure=1") || !r.bySession() {
			continue
		}
		sure := *r
		r.body = strings.Trim(strings.ReplaceAll("&"+r.body, "&sure=1", ""), "&")
		for _, who := range w.order(m) {
			for _, place := range []string{"own", "private", "shared", "tenant"} {
				done, asked := w.answer(t, &sure, r.methods[0], who, place), w.answer(t, r, r.methods[0], who, place)
				if done.Code >= http.StatusBadRequest && done.Code != http.StatusUnprocessableEntity && done.Code != asked.Code {
					t.Errorf("%s %s: %s at %s is answered %d when asked and %d when sure", r.methods[0], r.path, who, place, asked.Code, done.Code)
				}
			}
		}
	}
}
