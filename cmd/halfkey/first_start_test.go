package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheFirstStartPrintsASetupLinkOnce(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new")
	p := start(t, "DATA="+data)
	p.says(t, "door=metrics") // after the link
	link := regexp.MustCompile(`http://localhost:\d+(/setup\?code=\S+)`).FindStringSubmatch(p.said.String())
	if link == nil {
		t.Fatalf("no link:\n%s", p.said)
	}
	for _, f := range []string{"halfkey.db", "keyset.json"} {
		if info, err := os.Stat(filepath.Join(data, f)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", f, info, err)
		}
	}
	b := newBrowser(t)
	for _, at := range []string{"/", "/login", "/register", "/devices", "/i/whatever"} {
		res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(p.url(at))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/setup" {
			t.Errorf("%s answers %d to %q before the setup", at, res.StatusCode, res.Header.Get("Location"))
		}
	}
	if status, text := b.get(p.url(link[1])); status != http.StatusOK || !strings.Contains(text, `action="/setup"`) {
		t.Fatalf("the link shows %d\n%s", status, text)
	}
	status, text := b.post(p.url("/setup"), map[string][]string{
		"token": {strings.TrimPrefix(link[1], "/setup?code=")}, "name": {"Frink"}, "email": {"frink@simps.net"},
		"password": {"good glayvin 1989"}, "base_url": {"http://localhost:8080"}, "sign_up": {"invited"},
	})
	if status != http.StatusOK {
		t.Fatalf("the setup answers %d\n%s", status, text)
	}
	p.stop(t)

	again := start(t, "DATA="+data)
	if said := again.said.String(); strings.Contains(said, "/setup") {
		t.Errorf("a later start speaks of the setup:\n%s", said)
	}
	again.stop(t)
}

func TestReplicasThatStartAtOnceAgreeOnTheSetupLink(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir(), "DATABASE=" + database(t)}
	one := make(chan *process)
	go func() { one <- start(t, settings...) }()
	a, b := start(t, settings...), <-one
	code := regexp.MustCompile(`/setup\?code=(\S+)`)
	first, second := code.FindStringSubmatch(a.said.String()), code.FindStringSubmatch(b.said.String())
	if first == nil || second == nil || first[1] != second[1] {
		t.Errorf("%v and %v", first, second)
	}
}

func TestTheFirstStartMayBringItsOwnCertificates(t *testing.T) {
	p := startAs(t, []string{"DATA=" + filepath.Join(t.TempDir(), "new"), "TLS_MODE=self"}, "serve")
	if !strings.Contains(p.said.String(), "https://localhost:") {
		t.Errorf("the setup link is not one of https:\n%s", p.said)
	}
	res, err := trusting.Get("https://" + p.main + "/setup")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
		t.Errorf("%s %s", res.Proto, res.Status)
	}
	p.stop(t)
}
