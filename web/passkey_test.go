package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// named is a house that is known as localhost, so that passkeys work there, and
// in which everybody may found an organisation.
func named(t *testing.T) (h *webtest.House, base string) {
	t.Helper()
	h = webtest.New(t)
	base = strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
	h.Browser(t).Post(t, "/setup", "token", h.Setup.Reveal(), "name", "Frink", "email", "frink@simps.net", "password", webtest.Password,
		"base_url", base, "sign_up", "open").Wants(t, 303)
	return h, base
}

// withAuthenticator gives a tab's device an authenticator that sees its owner.
func withAuthenticator(t *testing.T, tab context.Context) (id webauthn.AuthenticatorID) {
	t.Helper()
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		made, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true}})
		id = made.AuthenticatorID
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// does runs a page's script to its end.
func does(t *testing.T, tab context.Context, script string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](script+"; 0")); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

func goes(t *testing.T, tab context.Context, url, shows string) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS(shows))); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}

// foundsByPasskey lets Homer found The Simpsons with a passkey alone.
func foundsByPasskey(t *testing.T, tab context.Context, base string) {
	t.Helper()
	goes(t, tab, base+"/register", "[data-passkey]:not([hidden])")
	picture(t, tab, "register-passkey")
	does(t, tab, `for (const [n, v] of Object.entries({ organisation: "The Simpsons", name: "Homer", email: "homer@simps.net" })) document.querySelector("[name=" + n + "]").value = v`)
	does(t, tab, `document.querySelector("[data-passkey] button").click()`)
	if err := chromedp.Do(tab, chromedp.WaitReady(chromedp.CSS(".avatar"))); err != nil {
		t.Fatal(err)
	}
}

func TestANewOwnerSignsUpWithAPasskeyAloneAndComesBackWithIt(t *testing.T) {
	h, base := named(t)
	tab := uitest.Browser(t)
	withAuthenticator(t, tab)
	complaints := uitest.Complaints(t, tab)
	foundsByPasskey(t, tab, base)

	homer, err := h.Users.ByEmail(t.Context(), "homer@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	ways, err := iam.Credentials{Sessions: h.Sessions}.Of(t.Context(), homer.ID)
	if err != nil || ways.Password || len(ways.Passkeys) != 1 || !strings.Contains(ways.Passkeys[0].Name, "Linux") {
		t.Fatalf("%+v %v", ways, err)
	}

	goes(t, tab, base+"/me", "#passkeys")
	waits(t, tab, `document.querySelector("main").innerText.includes("You have one way in")`)
	for _, theme := range uitest.Themes {
		for _, width := range uitest.Widths {
			if err := chromedp.Do(tab, uitest.As(theme, width)); err != nil {
				t.Fatal(err)
			}
			picture(t, tab, "me-"+theme+"-"+map[bool]string{true: "390", false: "1280"}[width < 600])
		}
	}
	does(t, tab, `document.querySelector("#passkeys .more form:last-of-type button").click()`)
	waits(t, tab, `document.querySelector("main").innerText.includes("This is your only way in")`)

	outAndIn(t, tab)
	sessions, err := h.Sessions.List(t.Context(), homer.ID)
	if err != nil || len(sessions) != 1 || sessions[0].Method != iam.ByPasskey {
		t.Errorf("%+v %v", sessions, err)
	}
	for _, c := range complaints() {
		if !strings.Contains(c, "422") { // the only way in stays
			t.Error(c)
		}
	}
}

func TestTheAdministratorAndWhoIsInvitedComeByPasskeyAlone(t *testing.T) {
	h := webtest.New(t)
	base := strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
	tab := uitest.Browser(t)
	withAuthenticator(t, tab)
	complaints := uitest.Complaints(t, tab)
	comes := func(path, fills string) {
		t.Helper()
		goes(t, tab, base+path, "[data-passkey]:not([hidden])")
		does(t, tab, `for (const [n, v] of Object.entries(`+fills+`)) document.querySelector("[name=" + n + "]").value = v`)
		does(t, tab, `document.querySelector("[data-passkey] button").click()`)
		waits(t, tab, `document.querySelector(".avatar") !== null`)
	}
	comes("/setup?code="+h.Setup.Reveal(), `{ name: "Frink", email: "frink@simps.net" }`)
	does(t, tab, `document.body.dataset.old = "yes"; document.querySelector("form[action='/logout']").submit()`)
	waits(t, tab, `document.readyState === "complete" && !document.body.dataset.old`)

	homer := h.Browser(t)
	if err := h.DB.Transaction(func(tx *gorm.DB) error { return h.Settings.Set(tx, iam.SettingSignUp, iam.SignUpOpen) }); err != nil {
		t.Fatal(err)
	}
	homer.Post(t, "/register", "organisation", "The Simpsons", "name", "Homer", "email", "homer@simps.net", "password", webtest.Password).Wants(t, 303)
	tenant := homer.Get(t, "/people").Wants(t, 200).Find(t, `name="org" value="([0-9a-z]+)"`)
	link := homer.Post(t, "/people/invite", "org", tenant, "email", "marge@simps.net", "role", "member").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	comes(link, `{ name: "Marge" }`)

	for email, password := range map[string]bool{"frink@simps.net": false, "marge@simps.net": false, "homer@simps.net": true} {
		u, err := h.Users.ByEmail(t.Context(), iam.Email(email))
		if err != nil {
			t.Fatal(err)
		}
		w, err := iam.Credentials{Sessions: h.Sessions}.Of(t.Context(), u.ID)
		if err != nil || w.Password != password || len(w.Passkeys) != map[bool]int{true: 0, false: 1}[password] {
			t.Errorf("%s: %+v %v", email, w, err)
		}
	}
	for _, c := range complaints() {
		t.Error(c)
	}
}

// outAndIn signs out. The page for signing in offers the passkey beside the e-mail
// field, and this device takes it at once.
func outAndIn(t *testing.T, tab context.Context) {
	t.Helper()
	does(t, tab, `document.body.dataset.old = "yes"; document.querySelector("form[action='/logout']").submit()`)
	waits(t, tab, `!document.body.dataset.old && document.querySelector(".avatar") !== null`)
}

// asked is what a browser is asked before it signs in by passkey.
func asked(t *testing.T, b *webtest.Browser) (q iam.Question) {
	t.Helper()
	if err := json.Unmarshal([]byte(b.Post(t, "/passkeys/ask").Wants(t, 200).Body), &q); err != nil {
		t.Fatal(err)
	}
	return q
}

// answers lets the tab's authenticator answer, wherever the tab is.
func answers(t *testing.T, tab context.Context, q iam.Question) string {
	t.Helper()
	return authenticates(t, tab, q, `get({ publicKey: { ...o, challenge: bytes(o.challenge) } })`)
}

// makes lets it make a passkey.
func makes(t *testing.T, tab context.Context, q iam.Question) string {
	t.Helper()
	return authenticates(t, tab, q, `create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: [] } })`)
}

func authenticates(t *testing.T, tab context.Context, q iam.Question, call string) string {
	t.Helper()
	does(t, tab, `(() => {
  delete document.documentElement.dataset.answer;
  const o = `+string(q.Options)+`;
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const done = (s) => { document.documentElement.dataset.answer = s; };
  navigator.credentials.`+call+`.then((c) => done(JSON.stringify(c.toJSON())), (e) => done("failed: " + e));
})()`)
	waits(t, tab, `!!document.documentElement.dataset.answer`)
	answer, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.documentElement.dataset.answer`))
	if err != nil || strings.HasPrefix(answer, "failed") {
		t.Fatalf("%s %v", answer, err)
	}
	return answer
}

func TestAnAnswerOpensTheDoorOnceInItsBrowserFromThisHouseOnly(t *testing.T) {
	h, base := named(t)
	tab := uitest.Browser(t)
	device := withAuthenticator(t, tab)
	foundsByPasskey(t, tab, base)
	goes(t, tab, base+"/problems/form", "main") // a page that asks nothing by itself

	homer := h.Browser(t)
	q := asked(t, homer)
	answer := answers(t, tab, q)
	stranger := h.Browser(t)
	asked(t, stranger)
	stranger.Post(t, "/login", "ticket", q.Ticket, "passkey", answer).Wants(t, 422).Says(t, "took too long")
	homer.Post(t, "/login", "ticket", asked(t, homer).Ticket, "passkey", answer).Wants(t, 422).Says(t, "did not open the door")
	homer.Post(t, "/login", "ticket", q.Ticket, "passkey", answer).Wants(t, 303)
	homer.Get(t, "/").Wants(t, 200).Says(t, "Homer")
	homer.Post(t, "/logout").Wants(t, 303)
	homer.Post(t, "/login", "ticket", q.Ticket, "passkey", answer).Wants(t, 422).Says(t, "sent twice")

	t.Run("who is switched off has no use of his passkey", func(t *testing.T) {
		q := asked(t, homer)
		answer := answers(t, tab, q)
		if err := h.DB.Exec("UPDATE users SET state = 'disabled' WHERE email = 'homer@simps.net'").Error; err != nil {
			t.Fatal(err)
		}
		homer.Post(t, "/login", "ticket", q.Ticket, "passkey", answer).Wants(t, 422).Says(t, "did not open the door")
		if err := h.DB.Exec("UPDATE users SET state = 'active' WHERE email = 'homer@simps.net'").Error; err != nil {
			t.Fatal(err)
		}
	})
	q = asked(t, homer)
	homer.Post(t, "/login", "ticket", q.Ticket, "passkey", answers(t, tab, q)).Wants(t, 303)
	t.Run("another site's page gets an answer that is worth nothing here", func(t *testing.T) {
		evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!doctype html><title>Free donuts</title><main>Free donuts</main>"))
		}))
		t.Cleanup(evil.Close)
		goes(t, tab, strings.Replace(evil.URL, "127.0.0.1", "localhost", 1), "main") // its name is ours, its port is not
		q := asked(t, homer)
		homer.Post(t, "/login", "ticket", q.Ticket, "passkey", answers(t, tab, q)).Wants(t, 422).Says(t, "did not open the door")
	})
	t.Run("an authenticator that has not seen its owner opens nothing", func(t *testing.T) {
		goes(t, tab, base+"/problems/form", "main")
		bad := true
		err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: device, IsBadUV: &bad})
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		q := asked(t, homer)
		homer.Post(t, "/login", "ticket", q.Ticket, "passkey", answers(t, tab, q)).Wants(t, 422).Says(t, "did not open the door")
	})
	t.Run("a passkey that was taken away does not come back by the answer that it came with", func(t *testing.T) {
		remove(t, tab, device)
		withAuthenticator(t, tab)
		var q iam.Question
		if err := json.Unmarshal([]byte(homer.Post(t, "/me/passkeys/ask").Wants(t, 200).Body), &q); err != nil {
			t.Fatal(err)
		}
		answer := makes(t, tab, q)
		homer.Post(t, "/me/passkeys", "ticket", q.Ticket, "passkey", answer).Wants(t, 303)
		newest := homer.Get(t, "/me").Wants(t, 200).Find(t, `(?s).*action="/me/passkeys/([0-9a-z]{20})/remove"`)
		homer.Post(t, "/me/passkeys/"+newest+"/remove").Wants(t, 303)
		homer.Post(t, "/me/passkeys", "ticket", q.Ticket, "passkey", answer).Wants(t, 422).Says(t, "sent twice")
	})
}

func TestASecondPasskeyIsAddedAndACopiedOneIsTold(t *testing.T) {
	h, base := named(t)
	tab := uitest.Browser(t)
	first := withAuthenticator(t, tab)
	complaints := uitest.Complaints(t, tab)
	foundsByPasskey(t, tab, base)
	remove(t, tab, first) // a phone in another room
	withAuthenticator(t, tab)

	goes(t, tab, base+"/me", "#passkeys [data-passkey]:not([hidden])")
	does(t, tab, `document.querySelector("#passkeys [data-passkey] button").click()`)
	waits(t, tab, `document.querySelectorAll("#passkeys tbody tr").length === 2`)
	waits(t, tab, `!document.querySelector("main").innerText.includes("You have one way in")`)

	anHourLater(t, h)
	does(t, tab, `document.querySelector("#passkeys tbody tr:first-child .more form:last-of-type button").click()`)
	waits(t, tab, `document.querySelector("h1")?.innerText === "Is it you?"`)
	picture(t, tab, "step")
	does(t, tab, `document.querySelector("[data-passkey] button").click()`)
	waits(t, tab, `document.querySelectorAll("#passkeys tbody tr").length === 1`)

	if err := h.DB.Exec("UPDATE passkeys SET sign_count = 1000").Error; err != nil {
		t.Fatal(err)
	}
	outAndIn(t, tab)
	goes(t, tab, base+"/me", "#passkeys")
	waits(t, tab, `document.querySelector("#passkeys").innerText.includes("Somebody may have a copy of it")`)
	goes(t, tab, base+"/activity", "main")
	waits(t, tab, `document.querySelector("main").innerText.includes("may have been copied")`)
	for _, c := range complaints() {
		if !strings.Contains(c, "403") { // what asked once more
			t.Error(c)
		}
	}
}

func remove(t *testing.T, tab context.Context, id webauthn.AuthenticatorID) {
	t.Helper()
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: id})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
}

func TestATokenFromBeforeTheSignInOpensNothing(t *testing.T) {
	s := furnished(t)
	b := s.Browser(t)
	planted := iam.RandomToken().Reveal()
	u, _ := url.Parse(s.URL)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "__Host-halfkey", Value: planted, Path: "/", Secure: true}})
	b.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password).Wants(t, 303)
	first := session(t, b)
	if first == planted {
		t.Fatal("the browser keeps the token that it came with")
	}
	b.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password).Wants(t, 303)
	if session(t, b) == first {
		t.Error("the second sign-in gives the token of the first")
	}
	old := s.Browser(t)
	old.Jar.SetCookies(u, []*http.Cookie{{Name: "__Host-halfkey", Value: first, Path: "/", Secure: true}})
	old.Get(t, "/me").Wants(t, 303)
}

func session(t *testing.T, b *webtest.Browser) string {
	t.Helper()
	for _, c := range b.Cookies(t) {
		if c.Name == "__Host-halfkey" {
			return c.Value
		}
	}
	t.Fatal("there is no session")
	return ""
}
