package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/iam/oidc/oidctest"
	"halfkey/web/webtest"
)

// moes is another organisation that signs its people in at the Simpsons' own
// provider: what is bound to a provider alone would be good in both.
func (e *elsewhere) moes(t *testing.T) iam.OrgID {
	t.Helper()
	moe := e.Browser(t)
	moe.Post(t, "/register", "organisation", "Moe's", "name", "Moe", "email", "moe@moes.example", "password", webtest.Password).Wants(t, 303)
	u, err := e.Users.ByEmail(t.Context(), "moe@moes.example")
	if err != nil {
		t.Fatal(err)
	}
	moe.Post(t, "/orgs/"+string(u.Home)+"/sign-in", "issuer", e.Provider.URL, "client_id", oidctest.Client, "secret", oidctest.Secret, "domains", "moes.example", "role", "viewer").Wants(t, 303)
	return u.Home
}

// carries takes what a browser keeps for one address to another.
func (e *elsewhere) carries(t *testing.T, b *webtest.Browser, from, to string) {
	t.Helper()
	at, there := mustAddress(t, e.Simpsons.URL+from), mustAddress(t, e.Simpsons.URL+to)
	var kept []*http.Cookie
	for _, c := range b.Jar.Cookies(at) {
		kept = append(kept, &http.Cookie{Name: c.Name, Value: c.Value, Path: there.Path})
	}
	b.Jar.SetCookies(there, kept)
}

func mustAddress(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// believes lets the Simpsons sign in at another provider from now on.
func (e *elsewhere) believes(t *testing.T, other *oidctest.Provider) {
	t.Helper()
	e.Homer.Post(t, e.page, "issuer", other.URL, "client_id", oidctest.Client, "secret", oidctest.Secret, "domains", "simps.net", "role", "viewer").Wants(t, 303)
}

func TestAVisitIsOfOneTenantAndOneProviderAndAShortWhile(t *testing.T) {
	for what, change := range map[string]func(e *elsewhere, b *webtest.Browser, back string) string{
		"brought to another tenant of the same provider": func(e *elsewhere, b *webtest.Browser, back string) string {
			there := strings.Replace(back, string(e.Tenant), string(e.moes(t)), 1)
			e.carries(t, b, back, there)
			return there
		},
		"brought late": func(e *elsewhere, _ *webtest.Browser, back string) string {
			e.Clock.Turn(10 * time.Minute)
			return back
		},
		"brought when the tenant believes another": func(e *elsewhere, _ *webtest.Browser, back string) string {
			other := oidctest.Serve(t)
			e.believes(t, other)
			return strings.Replace(back, url.QueryEscape(e.Provider.URL), url.QueryEscape(other.URL), 1)
		},
	} {
		e := signsInElsewhere(t, "viewer")
		e.says("grampa@simps.net", true, "abe")
		b := e.Browser(t)
		back := change(e, b, e.leave(t, b, "org", "the-simpsons"))
		if got := b.Get(t, back).Status; got != 422 {
			t.Errorf("an answer %s: %d", what, got)
		}
	}
}

func TestAClaimIsOfOneProviderAndAShortWhile(t *testing.T) {
	for what, change := range map[string]func(e *elsewhere){
		"too late": func(e *elsewhere) {
			e.Clock.Turn(10 * time.Minute)
			e.Marge.Post(t, "/step", "prove_password", webtest.Password).Wants(t, 303)
		},
		"when the tenant believes another": func(e *elsewhere) { e.believes(t, oidctest.Serve(t)) },
		"by who proved himself long ago":   func(e *elsewhere) { anHourLater(t, e.House) },
	} {
		e := signsInElsewhere(t, "viewer")
		e.says("marge@simps.net", true, "marge")
		e.Marge.Get(t, e.leave(t, e.Marge, "org", "the-simpsons")).Wants(t, 303)
		change(e)
		e.Marge.Post(t, "/login/oidc/claim")
		var n int64
		if err := e.DB.Raw("SELECT COUNT(*) FROM oidc_identities").Scan(&n).Error; err != nil || n != 0 {
			t.Errorf("%s: %d are linked, %v", what, n, err)
		}
	}
}

func TestAnIdentityIsOfOneTenantAndOneProvider(t *testing.T) {
	e := signsInElsewhere(t, "viewer")
	e.says("grampa@simps.net", true, "abe")
	comes := func(org string) int {
		t.Helper()
		b := e.Browser(t)
		return b.Get(t, e.leave(t, b, "org", org)).Status
	}
	if got := comes("the-simpsons"); got != 303 {
		t.Fatalf("Grampa is answered %d", got)
	}
	e.moes(t)
	e.says("", false, "abe")
	if got := comes("moe-s"); got != 403 {
		t.Errorf("whom one tenant knows, another lets in: %d", got)
	}
	e.says("", false, "")
	if got := comes("the-simpsons"); got != 422 {
		t.Errorf("somebody without a name is answered %d", got)
	}
	e.says("", false, "abe")
	if err := e.DB.Exec("UPDATE users SET state = 'disabled' WHERE email = 'grampa@simps.net'").Error; err != nil {
		t.Fatal(err)
	}
	if got := comes("the-simpsons"); got != 403 {
		t.Errorf("who is switched off is answered %d", got)
	}
	if err := e.DB.Exec("UPDATE users SET state = 'active'").Error; err != nil {
		t.Fatal(err)
	}
	other := oidctest.Serve(t)
	e.believes(t, other)
	e.Provider = other
	e.says("", false, "abe")
	if got := comes("the-simpsons"); got != 403 {
		t.Errorf("whom one provider knows, another lets in: %d", got)
	}
}

// Who is at home elsewhere is asked himself, whatever his address and though he
// holds no role at all.
func TestWhoIsAtHomeElsewhereIsAskedHimself(t *testing.T) {
	e := signsInElsewhere(t, "viewer")
	for _, change := range []string{"UPDATE users SET email_confirmed_at = 1 WHERE email = 'frink@simps.net'",
		"UPDATE assignments SET ended_at = 1 WHERE subject_id = (SELECT id FROM users WHERE email = 'frink@simps.net')"} {
		if err := e.DB.Exec(change).Error; err != nil {
			t.Fatal(err)
		}
	}
	e.says("frink@simps.net", true, "1")
	b := e.Browser(t)
	if to := b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, 303).Header.Get("Location"); to != "/login/oidc/claim" {
		t.Errorf("leads to %s", to)
	}
	b.Get(t, "/me").Wants(t, 303)
}

// No script reads what a browser keeps, no other site's form brings it, and no
// open line carries it.
func TestEveryCookieIsLocked(t *testing.T) {
	e := signsInElsewhere(t, "viewer")
	e.says("marge@simps.net", true, "marge")
	b := e.Browser(t)
	left := b.Post(t, "/login/oidc", "org", "the-simpsons").Wants(t, 200)
	kept := left.Header.Values("Set-Cookie")
	kept = append(kept, b.Get(t, e.leave(t, b, "org", "the-simpsons")).Wants(t, 303).Header.Values("Set-Cookie")...)
	kept = append(kept, b.Post(t, "/theme", "theme", "dark").Header.Values("Set-Cookie")...)
	kept = append(kept, b.Post(t, "/login", "email", "marge@simps.net", "password", webtest.Password).Wants(t, 303).Header.Values("Set-Cookie")...)
	same := map[string]string{"halfkey-visit": "Lax", "halfkey-claim": "Lax", "halfkey-theme": "Lax", "__Host-halfkey": "Lax", "__Host-halfkey-browser": "Strict"}
	seen := map[string]bool{}
	path := map[string]string{"halfkey-visit": "/login/oidc/" + string(e.Tenant), "halfkey-claim": "/login/oidc/claim"}
	for _, line := range kept {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		at := path[c.Name]
		if at == "" {
			at = "/"
		}
		if !c.HttpOnly || !c.Secure || c.Domain != "" || c.Path != at || !strings.HasSuffix(line, "SameSite="+same[c.Name]) {
			t.Errorf("%s", line)
		}
		seen[c.Name] = true
	}
	if len(seen) != len(same) {
		t.Errorf("only seen: %v", seen)
	}
}
