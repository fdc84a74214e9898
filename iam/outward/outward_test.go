package outward_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"halfkey/iam/outward"
)

func TestOnlyThePublicInternetIsPublic(t *testing.T) {
	for _, s := range []string{"1.1.1.1", "93.184.216.34", "2606:4700::1111"} {
		if !outward.Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is taken for a neighbour", s)
		}
	}
	for _, s := range []string{"127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::", "224.0.0.1",
		"255.255.255.255", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "192.0.2.1"} {
		if outward.Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is taken for the public internet", s)
		}
	}
}

func TestThisMachineIsNotReachedWhateverItIsCalled(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "secret") }))
	t.Cleanup(s.Close)
	for _, address := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), strings.Replace(s.URL, "127.0.0.1", "0.0.0.0", 1)} {
		if res, err := outward.Client(false).Get(address); err == nil {
			res.Body.Close()
			t.Errorf("%s was reached", address)
		}
	}
	if _, err := outward.Client(false).Get(s.URL); !errors.Is(err, outward.ErrInward) {
		t.Errorf("got %v", err)
	}
	res, err := outward.Client(true).Get(s.URL)
	if err != nil {
		t.Fatalf("allowed, and not reached: %v", err)
	}
	res.Body.Close()
}

func TestAnAnswerWithoutEndEnds(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/round" {
			http.Redirect(w, r, "/round", http.StatusFound)
			return
		}
		if r.URL.Path == "/fits" {
			io.WriteString(w, strings.Repeat("x", outward.AnswerMost))
			return
		}
		for line := strings.Repeat("x", 1<<16); ; {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	res, err := outward.Client(true).Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil || len(body) != outward.AnswerMost {
		t.Errorf("%d bytes were read, %v", len(body), err)
	}
	fits, err := outward.Client(true).Get(s.URL + "/fits")
	if err != nil {
		t.Fatal(err)
	}
	defer fits.Body.Close()
	if body, err := io.ReadAll(fits.Body); err != nil || len(body) != outward.AnswerMost {
		t.Errorf("%d bytes were read, %v", len(body), err)
	}
	if res, err := outward.Client(true).Get(s.URL + "/round"); err == nil {
		res.Body.Close()
		t.Error("redirects go round for ever")
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"https://accounts.example", "http://127.0.0.1:80", "https://[::1]/", "https://u:p@h/", "https:///x", "javascript:1", "https://h/#x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := outward.CheckURL(s, false)
		if err == nil && (u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "") {
			t.Fatalf("%q passes", s)
		}
	})
}
