package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"halfkey/iam/oidc/oidctest"
	"halfkey/web/webtest"
)

// elsewhere is a house whose Simpsons sign in at a provider of their own.
type elsewhere struct {
	*webtest.Simpsons
	*oidctest.Provider
	page string // of its settings
}

func signsInElsewhere(t *testing.T, role string) *elsewhere {
	t.Helper()
	e := &elsewhere{Simpsons: furnished(t), Provider: oidctest.Serve(t)}
	e.page = "/orgs/" + string(e.Tenant) + "/sign-in"
	e.Homer.Post(t, e.page, "issuer", e.Provider.URL, "client_id", oidctest.Client, "secret", oidctest.Secret, "domains", "simps.net", "role", role).Wants(t, 303)
	return e
}

func (e *elsewhere) says(email string, verified any, sub string) {
	e.Claims["email"], e.Claims["email_verified"], e.Claims["sub"], e.Claims["name"] = email, verified, sub, "Somebody"
}

// leave goes to the provider's and gives the address to which it sends back.
func (e *elsewhere) leave(t *testing.T, b *webtest.Browser, kv ...string) string {
	t.Helper()
	p := b.Post(t, "/login/oidc", kv...).Wants(t, 200)
	there := html.UnescapeString(p.Find(t, `href="([^"]+/authorize[^"]+)"`))
	if !strings.Contains(p.Header.Get("Refresh"), "/authorize") {
		t.Error("nothing leads on by itself")
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(there)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	u, err := url.Parse(res.Header.Get("Location"))
	if err != nil || u.RawQuery == "" {
		t.Fatalf("the provider answered %s %v", res.Header.Get("Location"), err)
	}
	return u.RequestURI()
}

func TestTheirOwnProviderSignsPeopleIn(t *testing.T) {
	e := signsInElsewhere(t, "viewer")
	e.Homer.Get(t, e.page).Wants(t, 200).Says(t, e.Provider.URL).Silent(t, oidctest.Secret)
	e.Marge.Get(t, e.page).Wants(t, 404)
	b := e.Browser(t)
	b.Get(t, "/login").Says(t, "through your organisation")
	if to := b.Get(t, "/login?org=the-simpsons").Wants(t, 303).Header.Get("Location"); !strings.HasPrefix(to, "/login/oidc?") {
		t.Errorf("leads to %s", to)
	}
	e.says("grampa@simps.net", true, "abe")
	back := e.leave(t, b, "email", "Grampa@simps.net", "next", "//evil.example/")
	if to := b.Get(t, back).Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("leads to %s", to)
	}
	b.Get(t, "/c").Wants(t, 200).Says(t, "The Simpsons")
	b.Get(t, back).Wants(t, 422) // the same answer again
	again := e.Browser(t)
	e.says("", false, "abe") // known by now, whatever his address is
	if to := again.Get(t, e.leave(t, again, "org", "the-simpsons", "next", "/me")).Wants(t, 303).Header.Get("Location"); to != "/me" {
		t.Errorf("leads to %s", to)
	}
	b.Post(t, "/login/oidc", "email", "x@elsewhere.example").Wants(t, 422).Says(t, "No organisation")
}

func TestWhatAProviderSaysIsNotAlwaysBelieved(t *testing.T) {
	for name, run := range map[string]struct {
		email    string
		verified any
		change   func(e *elsewhere)
		want     int
	}{
		"an unverified address":            {"grampa@simps.net", false, nil, 403},
		"an address that nobody vouches":   {"grampa@simps.net", nil, nil, 403},
		"an address of another domain":     {"moe@moes.example", true, nil, 403},
		"no address":                       {"", true, nil, 403},
		"a token for somebody else":        {"grampa@simps.net", true, func(e *elsewhere) { e.Claims["aud"] = "another" }, 403},
		"a token of somebody else":         {"grampa@simps.net", true, func(e *elsewhere) { e.Claims["iss"] = "https://evil.example" }, 403},
		"a token that is over":             {"grampa@simps.net", true, func(e *elsewhere) { e.Claims["exp"] = 1 }, 403},
		"a token of another visit":         {"grampa@simps.net", true, func(e *elsewhere) { e.Claims["nonce"] = "another" }, 422},
		"a token that another key signed":  {"grampa@simps.net", true, func(e *elsewhere) { e.Provider.Key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }, 403},
		"an answer without its name":       {"grampa@simps.net", true, func(e *elsewhere) { e.Silent = true }, 422},
		"somebody at home on the platform": {"frink@simps.net", true, nil, 303}, // to the question, and no further
	} {
		t.Run(name, func(t *testing.T) {
			e := signsInElsewhere(t, "viewer")
			e.says(run.email, run.verified, "1")
			if run.change != nil {
				run.change(e)
			}
			b := e.Browser(t)
			p := b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, run.want)
			if to := p.Header.Get("Location"); run.want == 303 && to != "/login/oidc/claim" {
				t.Errorf("leads to %s", to)
			}
			if b.Get(t, "/me").Status != 303 {
				t.Error("somebody is signed in")
			}
		})
	}
}

// Another's answer, another browser's, and another provider's are all refused.
func TestAnAnswerBelongsToItsQuestion(t *testing.T) {
	e := signsInElsewhere(t, "viewer")
	e.says("grampa@simps.net", true, "abe")
	b := e.Browser(t)
	back := e.leave(t, b, "org", "the-simpsons")
	e.Browser(t).Get(t, back).Wants(t, 422)                                // a link that somebody was sent: another browser
	for name, change := range map[string]func(path *string, q url.Values){ // in an answer that is right otherwise
		"another state":          func(_ *string, q url.Values) { q.Set("state", strings.Repeat("A", 43)) },
		"another issuer (mixed)": func(_ *string, q url.Values) { q.Set("iss", "https://evil.example") },
		"two issuers":            func(_ *string, q url.Values) { q.Add("iss", "https://evil.example") },
		"another's code":         func(_ *string, q url.Values) { q.Set("code", mustQuery(t, back).Get("code")) },
		"no code":                func(_ *string, q url.Values) { q.Set("code", "") },
		"another tenant": func(path *string, _ url.Values) {
			*path = strings.Replace(*path, string(e.Tenant), "00000000000000000000", 1)
		},
	} {
		b := e.Browser(t) // each gets a cookie of its own
		path, query, _ := strings.Cut(e.leave(t, b, "org", "the-simpsons"), "?")
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		change(&path, q)
		if got := b.Get(t, path+"?"+q.Encode()); got.Status < 400 || got.Status >= 500 {
			t.Errorf("%s: %d", name, got.Status)
		}
		if b.Get(t, "/me").Status != 303 {
			t.Errorf("%s: somebody is signed in", name)
		}
	}
}

func mustQuery(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// Nobody's account is opened by a provider's word alone where it could be another's.
func TestAnAccountIsLinkedByItsOwner(t *testing.T) {
	e := signsInElsewhere(t, "")
	e.says("marge@simps.net", true, "marge") // at home here, but nobody knows that she reads that address
	b := e.Browser(t)
	if to := b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, 303).Header.Get("Location"); to != "/login/oidc/claim" {
		t.Fatalf("leads to %s", to)
	}
	if to := b.Get(t, "/login/oidc/claim").Wants(t, 303).Header.Get("Location"); !strings.HasPrefix(to, "/login?next=") {
		t.Fatalf("leads to %s", to)
	}
	b.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password).Wants(t, 303)
	b.Get(t, "/login/oidc/claim").Wants(t, 422) // somebody else
	b.Post(t, "/login/oidc/claim").Wants(t, 422)
	b.Post(t, "/logout")
	b.Post(t, "/login", "email", "marge@simps.net", "password", webtest.Password).Wants(t, 303)
	b.Get(t, "/login/oidc/claim").Wants(t, 200).Says(t, "marge@simps.net")
	b.Foreign(t, "/login/oidc/claim").Wants(t, 403)
	b.Post(t, "/login/oidc/claim").Wants(t, 303)
	next := e.Browser(t)
	if to := next.Get(t, e.leave(t, next, "org", "the-simpsons")).Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("leads to %s", to)
	}
	next.Get(t, "/me").Wants(t, 200).Says(t, "marge@simps.net")
	t.Run("who has no account does not come in", func(t *testing.T) {
		e.says("grampa@simps.net", true, "abe")
		b := e.Browser(t)
		b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, 403)
	})
	t.Run("with her address confirmed her own house's word is enough", func(t *testing.T) {
		e.DB.Exec("DELETE FROM oidc_identities")
		e.DB.Exec("UPDATE users SET email_confirmed_at = 1 WHERE email = 'marge@simps.net'")
		e.says("marge@simps.net", true, "marge")
		b := e.Browser(t)
		if to := b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, 303).Header.Get("Location"); to != "/" {
			t.Errorf("leads to %s", to)
		}
	})
	t.Run("and is too little from when she holds a role elsewhere", func(t *testing.T) {
		ned := flanders(t, e.Simpsons)
		link := ned.Post(t, "/people/invite", "org", nedsPlace(t, ned), "email", "marge@simps.net", "role", "viewer").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
		e.Marge.Post(t, link).Wants(t, 303)
		b := e.Browser(t)
		if to := b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, 303).Header.Get("Location"); to != "/login/oidc/claim" {
			t.Errorf("leads to %s", to)
		}
		b.Get(t, "/me").Wants(t, 303)
	})
}

// nedsPlace is the place that somebody's pages begin with.
func nedsPlace(t *testing.T, b *webtest.Browser) string {
	t.Helper()
	return b.Get(t, "/orgs").Wants(t, 200).Find(t, `org=([0-9a-z]{20})`)
}

func TestASecretGoesToNoOtherProvider(t *testing.T) {
	e := signsInElsewhere(t, "")
	other := oidctest.Serve(t)
	e.Homer.Post(t, e.page, "issuer", other.URL, "client_id", oidctest.Client, "domains", "simps.net").Wants(t, 422)
	e.Homer.Post(t, e.page, "issuer", e.Provider.URL, "client_id", oidctest.Client, "domains", "simps.net, plant.example").Wants(t, 303)
	e.Homer.Post(t, e.page, "issuer", "http://127.0.0.1:1", "client_id", "x", "secret", "y", "domains", "not a domain").Wants(t, 422)
	moe := e.Browser(t)
	moe.Post(t, "/register", "organisation", "Moe's", "name", "Moe", "email", "moe@moes.example", "password", webtest.Password).Wants(t, 303)
	u, err := e.Users.ByEmail(t.Context(), "moe@moes.example")
	if err != nil {
		t.Fatal(err)
	}
	moe.Post(t, "/orgs/"+string(u.Home)+"/sign-in", "issuer", other.URL, "client_id", oidctest.Client, "secret", "x", "domains", "simps.net").Wants(t, 422).Says(t, "Another organisation")
	e.Homer.Post(t, e.page+"/remove").Wants(t, 303)
	e.Browser(t).Post(t, "/login/oidc", "org", "the-simpsons").Wants(t, 422)
}
