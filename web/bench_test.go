package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"halfkey/web"
	"halfkey/web/webtest"
)

// What a page of twenty devices costs, with session, rights and rendering, and
// without the network.
func BenchmarkDevicesPage(b *testing.B) {
	s := webtest.New(b).Furnish(b)
	for i := range 30 {
		_, key := s.Board(b, s.Household, fmt.Sprintf("7474%07d", i), "")
		s.Measure(b, key, 30, 15e9, 21)
	}
	r := httptest.NewRequest(http.MethodGet, "http://localhost/devices", nil)
	r.Header.Set("Accept", "text/html")
	for _, c := range s.Homer.Cookies(b) {
		r.AddCookie(c)
	}
	e := web.New(s.Rooms)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if e.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Header())
		}
	}
}
