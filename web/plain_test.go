package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"halfkey/web"
	"halfkey/web/webtest"
)

// from asks as a browser elsewhere on the network does, over plain HTTP.
func from(h http.Handler, method, path string, form url.Values, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://halfkey.lan"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestNobodySignsInOverALineThatAnybodyCanRead(t *testing.T) {
	s := furnished(t)
	e := web.New(s.Rooms)
	if w := from(e, "GET", "/login", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "--tls-mode self") || strings.Contains(w.Body.String(), `type="password"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	form := url.Values{"email": {"homer@simps.net"}, "password": {webtest.Password}}
	if w := from(e, "POST", "/login", form); w.Code != 403 || len(w.Result().Cookies()) > 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestWhoAcceptsTheRiskIsRemindedOfIt(t *testing.T) {
	s := furnished(t)
	s.AcceptPlain = true
	e := web.New(s.Rooms)
	w := from(e, "POST", "/login", url.Values{"email": {"homer@simps.net"}, "password": {webtest.Password}})
	cookies := w.Result().Cookies()
	slices.SortFunc(cookies, func(a, b *http.Cookie) int { return strings.Compare(a.Name, b.Name) })
	if w.Code != 303 || len(cookies) != 2 || cookies[1].Name != "halfkey-browser" || cookies[0].Name != "halfkey" || cookies[0].Secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if w := from(e, "GET", "/", nil, cookies[0]); w.Code != 200 || !strings.Contains(w.Body.String(), "This line is not encrypted") {
		t.Errorf("%d", w.Code)
	}
}

func TestTheSessionsCookieIsLocked(t *testing.T) {
	s := furnished(t)
	p := s.Browser(t).Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password).Wants(t, 303)
	c := ""
	for _, set := range p.Header.Values("Set-Cookie") {
		if strings.HasPrefix(set, "__Host-halfkey=") {
			c = set
		}
	}
	for _, want := range []string{"__Host-halfkey=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(c, want) {
			t.Errorf("%s lacks %s", c, want)
		}
	}
}
