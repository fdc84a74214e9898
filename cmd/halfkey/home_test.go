package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/orgs"
)

// home is a founded organisation whose halfkey does not run yet.
type home struct {
	email, password string
	key             string // the registration key as it is typed
}

// open builds a house in this process on the data that settings name.
func open(t testing.TB, settings []string) *house {
	t.Helper()
	f := pflag.NewFlagSet("halfkey", pflag.ContinueOnError)
	flags(f)
	var environ []string
	for _, s := range settings {
		environ = append(environ, prefix+s)
	}
	c, err := load(f, environ)
	if err != nil {
		t.Fatal(err)
	}
	c.Log.Level = "error"
	h, err := build(t.Context(), c, c.logger(t.Output()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close() })
	return h
}

// setUp makes the administrator, and lets people sign up by themselves.
func setUp(t testing.TB, settings []string) {
	t.Helper()
	h := open(t, settings)
	defer h.close()
	token, err := h.orgs.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.orgs.Setup(t.Context(), orgs.SetupRequest{Token: token, Name: "Frink", Email: "frink@simps.net", Password: "good glayvin 1989", SignUp: iam.SignUpOpen})
	if err != nil {
		t.Fatal(err)
	}
}

// found sets a house up and founds The Simpsons in it.
func found(t testing.TB, settings []string) home {
	t.Helper()
	setUp(t, settings)
	h := open(t, settings)
	ctx := t.Context()
	me := home{email: "homer@simps.net", password: "mmm forbidden donut"}
	f, err := h.orgs.Found(ctx, orgs.FoundRequest{Organisation: "The Simpsons", Name: "Homer", Email: me.email, Password: vault.Secret(me.password)})
	if err != nil {
		t.Fatal(err)
	}
	homer := audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(f.User), Name: "Homer"})
	first, second, err := h.orgs.RevealKey(homer, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	me.key = wire.RegKey{Form: wire.Standard, First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}.Typed()
	if err := h.trail.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	return me
}

// issue makes a registration key for The Simpsons, as Homer.
func issue(t testing.TB, settings []string, r orgs.KeyRequest) wire.RegKey {
	t.Helper()
	h := open(t, settings)
	defer h.close()
	var homer string
	h.db.Gorm.Raw("SELECT id FROM users WHERE email = 'homer@simps.net'").Scan(&homer)
	h.db.Gorm.Raw("SELECT id FROM orgs WHERE kind = 'tenant'").Scan(&r.Org)
	key, err := h.issued(audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: homer, Name: "Homer"}), r)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signIn is Homer's session cookie.
func (me home) signIn(t testing.TB, p *process) *http.Cookie {
	t.Helper()
	b := newBrowser(t)
	b.signIn(p, me.email, me.password)
	at, _ := url.Parse(p.url("/"))
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == "__Host-halfkey" || c.Name == "halfkey" {
			return c
		}
	}
	t.Fatal("no session's cookie after the sign-in")
	return nil
}

// browser is one without script: it follows links, keeps cookies and sends forms.
type browser struct {
	t      testing.TB
	client *http.Client
	read   []string // everything that was ever shown
}

func newBrowser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: insecure{jar}}}
}

// insecure keeps Secure cookies on plain HTTP, as browsers do for localhost.
type insecure struct{ http.CookieJar }

func (j insecure) SetCookies(u *url.URL, cookies []*http.Cookie) {
	v := *u
	v.Scheme = "https"
	j.CookieJar.SetCookies(&v, cookies)
}

func (j insecure) Cookies(u *url.URL) []*http.Cookie {
	v := *u
	v.Scheme = "https"
	return j.CookieJar.Cookies(&v)
}

func (b *browser) get(at string) (int, string) {
	b.t.Helper()
	res, err := b.client.Get(at)
	return b.shown(res, err)
}

func (b *browser) post(at string, form url.Values) (int, string) {
	b.t.Helper()
	res, err := b.client.PostForm(at, form)
	return b.shown(res, err)
}

func (b *browser) shown(res *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.read = append(b.read, string(body))
	return res.StatusCode, string(body)
}

func (b *browser) signIn(p *process, email, password string) {
	b.t.Helper()
	status, text := b.post(p.url("/login"), url.Values{"email": {email}, "password": {password}})
	if status != http.StatusOK || strings.Contains(text, `action="/login"`) {
		b.t.Fatalf("%s is not signed in: %d\n%s", email, status, text)
	}
}
