package web_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// presses sends the form round a button of the page, as that button does, and
// waits for what the answer shows.
func presses(t *testing.T, tab context.Context, button, shows string) {
	t.Helper()
	does(t, tab, `(b => b.form.requestSubmit(b))(document.querySelector(`+"`"+button+"`"+`))`)
	waits(t, tab, shows)
}

// says tells whether the page's main part has a text.
func says(text string) string {
	return "document.querySelector('main')?.innerText.includes(`" + text + "`) === true"
}

func silent(text string) string {
	return "document.readyState === 'complete' && document.querySelector('main')?.innerText.includes(`" + text + "`) === false"
}

// types fills a page's fields.
func types(t *testing.T, tab context.Context, kv ...string) {
	t.Helper()
	for i := 0; i+1 < len(kv); i += 2 {
		does(t, tab, "document.querySelector(`"+kv[i]+"`).value = `"+kv[i+1]+"`")
	}
}

// joins lets somebody in with a role at a place, by invitation.
func joins(t *testing.T, s *webtest.Simpsons, name string, org iam.OrgID, role policies.Role) *webtest.Browser {
	t.Helper()
	token, _, err := s.Orgs.Invite(s.AsHomer(t), org, strings.ToLower(name)+"@simps.net", string(role))
	if err != nil {
		t.Fatal(err)
	}
	b := s.Browser(t)
	b.Post(t, "/i/"+token.Reveal(), "name", name, "password", webtest.Password).Wants(t, 303)
	return b
}

func TestNedStandsInUntilSundayAndLosesItAtTheMinute(t *testing.T) {
	s := furnished(t)
	flanders(t, s)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 10, time.Minute, 21)
	sunday := s.Clock.Now().AddDate(0, 0, 7-int(s.Clock.Now().Weekday())).Truncate(24 * time.Hour).Add(18 * time.Hour)

	homer, base := signedIn(t, s, "homer")
	goes(t, homer, base+"/shares", "#deputy")
	types(t, homer, "#deputy [name=to]", "ned@simps.net", "#deputy [name=role]", "viewer", "#deputy [name=until]", sunday.In(time.Local).Format("2006-01-02T15:04"), "#deputy [name=reason]", "bowling trip")
	presses(t, homer, "#deputy .button-primary", says("Let ned@simps.net stand in for you?"))
	picture(t, homer, "lend")
	presses(t, homer, ".dialog .button-primary", says("ned@simps.net stands in for you"))
	picture(t, homer, "lend-link")
	link, err := chromedp.Run(homer, chromedp.Evaluate[string](`document.querySelector("main").innerHTML.match(/\/i\/[A-Za-z0-9_-]+/)[0]`))
	if err != nil {
		t.Fatal(err)
	}

	ned, _ := signedIn(t, s, "ned")
	goes(t, ned, base+link, "form .button-primary")
	waits(t, ned, `document.body.innerText.includes("Homer asks you to stand in for them in The Simpsons until")`)
	picture(t, ned, "lend-invitation")
	does(t, ned, `document.querySelector("form .button-primary").click()`)
	waits(t, ned, `location.pathname !== "`+link+`" && document.readyState === "complete"`)
	goes(t, homer, base+"/shares", "#deputy")
	waits(t, homer, says("Ned stands in for you"))
	goes(t, ned, base+"/c/"+d.Channel, "#newest")
	waits(t, ned, says("Living room"))
	s.Clock.Turn(sunday.Sub(s.Clock.Now()) - time.Minute)
	goes(t, ned, base+"/c/"+d.Channel, "#newest")
	waits(t, ned, says("Living room"))
	s.Clock.Turn(time.Minute)
	waits(t, ned, silent("Living room"))
	goes(t, ned, base+"/c/"+d.Channel, ".trouble")
	goes(t, homer, base+"/shares", "#deputy")
	waits(t, homer, silent("Ned stands in for you"))
}

func TestTheCellarMovesAndMargesPageLosesIt(t *testing.T) {
	s := furnished(t)
	for i, name := range []string{"Living room", "Cellar"} {
		_, key := s.Board(t, s.Household, "7474382734"+string(rune('2'+i)), name)
		s.Measure(t, key, 10, time.Minute, 21)
	}
	_, key := s.Board(t, s.Household, "74743827399", "Attic")
	s.Measure(t, key, 10, time.Minute, 21)

	marge, base := signedIn(t, s, "marge")
	goes(t, marge, base+"/c", "#others")
	waits(t, marge, says("Cellar"))
	does(t, marge, `window.stays = true`)

	homer, _ := signedIn(t, s, "homer")
	goes(t, homer, base+"/devices?q=Cellar", "th[scope=row] a")
	does(t, homer, `document.querySelector("th[scope=row] a").click()`)
	waits(t, homer, `document.querySelector("form[action$='/move'] select") !== null`)
	does(t, homer, `(s => s.value = [...s.options].find(o => o.text === "Power plant").value)(document.querySelector("form[action$='/move'] select"))`)
	presses(t, homer, "form[action$='/move'] button", says("Marge loses sight of one device: Cellar."))
	for _, width := range uitest.Widths {
		if err := chromedp.Do(homer, uitest.As("light", width)); err != nil {
			t.Fatal(err)
		}
		picture(t, homer, "move-"+map[bool]string{true: "390", false: "1280"}[width < 600])
	}
	waits(t, marge, says("Cellar"))
	presses(t, homer, ".dialog .button-primary", says("Power plant"))
	waits(t, marge, silent("Cellar"))
	waits(t, marge, `window.stays === true && document.querySelector("main").innerText.includes("Attic")`)
}

func TestSupportLooksThroughMargesEyesAndChangesNothing(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 10, time.Minute, 21)
	s.Board(t, s.Plant, "74743827399", "Reactor")
	smithers := joins(t, s, "Smithers", s.Household, policies.Support)
	if to := smithers.Get(t, "/").Wants(t, 303).Header.Get("Location"); !strings.HasPrefix(to, "/people") {
		t.Errorf("support begins at %s", to)
	}
	smithers.Get(t, "/c/"+d.Channel).Wants(t, 404)

	tab, base := signedIn(t, s, "smithers")
	waits(t, tab, says("Marge"))
	does(t, tab, `[...document.querySelectorAll("th[scope=row] a")].find(a => a.innerText === "Marge").click()`)
	waits(t, tab, says("See what Marge sees"))
	types(t, tab, "[name=reason]", "She says that the chart is empty")
	presses(t, tab, "form[action*='/look'] button", says("Living room"))
	waits(t, tab, `document.querySelector("form[action='/look/end']") !== null`)
	look(t, tab, "eyes", base+"/c")
	waits(t, tab, `document.querySelector("form[action='/k/`+d.Channel+`']") === null && !document.body.innerText.includes("Reactor")`)
	for _, path := range []string{"/k/" + d.Channel, "/devices/" + string(d.ID) + "/read-key", "/devices/" + string(d.ID) + "/name", "/people/invite"} {
		status, err := chromedp.Run(tab, chromedp.Evaluate[int](`fetch("`+path+`", { method: "POST", body: new URLSearchParams({ name: "Mine" }) }).then(r => r.status)`, chromedp.EvalAwaitPromise))
		if err != nil || status != 403 {
			t.Errorf("%s answers %d %v", path, status, err)
		}
	}
	s.Homer.Get(t, "/activity?view=full&org="+string(s.Household)).Wants(t, 200).Says(t, "Smithers", "Marge", "She says that the chart is empty").Silent(t, "<code>read-key.reveal")
	s.Homer.Get(t, "/activity?org="+string(s.Household)).Says(t, "began to look through the eyes of")
	presses(t, tab, "form[action='/look/end'] button", `document.querySelector("form[action='/look/end']") === null && `+says("Marge"))
	goes(t, tab, base+"/c/"+d.Channel, ".trouble")
}

func TestWhoHasADeviceSharedSeesItAndNothingRoundIt(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 10, time.Minute, 21)
	s.Board(t, s.Household, "74743827343", "Cellar")
	ned := flanders(t, s)
	shares := func(to string) webtest.Page {
		return s.Homer.Post(t, "/shares", "org", string(s.Household), "device", string(d.ID), "to", to, "role", "viewer", "sure", "1")
	}
	link := shares("ned@simps.net").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	ned.Post(t, link).Wants(t, 303)
	shares("ned@simps.net").Wants(t, 303) // who is known here is let in at once
	link = shares("moe@tavern.net").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	moe := s.Browser(t)
	moe.Post(t, link, "name", "Moe", "password", webtest.Password).Wants(t, 303)
	for _, who := range []*webtest.Browser{ned, moe} {
		who.Get(t, "/c").Wants(t, 200).Says(t, "Shared with you", "Living room").Silent(t, "Cellar", "Household", "Simpsons", "read key")
		who.Get(t, "/c/"+d.Channel).Wants(t, 200).Says(t, "Living room").Silent(t, "Cellar", "Household", "Simpsons")
		who.Get(t, "/c/"+d.Channel+"/data").Wants(t, 200)
		who.Get(t, "/devices/"+string(d.ID)).Wants(t, 303)
		who.Get(t, "/shares").Wants(t, 200).Says(t, "Living room")
		who.Get(t, "/me").Wants(t, 200)
		who.Post(t, "/k/"+d.Channel).Wants(t, 403)
	}
	if to := moe.Get(t, "/").Wants(t, 303).Header.Get("Location"); to != "/c" {
		t.Errorf("Moe begins at %s", to)
	}
	moe.Get(t, "/people").Wants(t, 404)

	tab, base := browsing(t, s.House)
	goes(t, tab, base+"/login", "[name=password]")
	types(t, tab, "[name=email]", "moe@tavern.net", "[name=password]", webtest.Password)
	submits(t, tab, "form[action='/login']", ".avatar")
	look(t, tab, "guest", base+"/c")
	ended := s.Homer.Get(t, "/shares").Find(t, `(?s)Living room[^<]*<span class="quiet">[^<]*Moe.*?action="(/shares/[0-9a-z]{20}/end)"`)
	s.Homer.Post(t, ended, "sure", "1").Wants(t, 303)
	waits(t, tab, `!document.body.innerText.includes("Living room")`)
	moe.Get(t, "/c").Wants(t, 403).Says(t, "belong to no organisation")
	ned.Get(t, "/c").Wants(t, 200).Says(t, "Living room")
}

func TestEveryRoleHasAPageToBeginWith(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	for role, wants := range map[policies.Role]struct{ home, has, not string }{
		policies.Viewer:            {"/c", `href="/activity`, `href="/k"`},
		policies.Member:            {"/c", `href="/k"`, `href="/people`},
		policies.Operator:          {"/devices", `href="/pending`, `href="/people`},
		policies.Integrator:        {"/devices", `href="/services`, `href="/k"`},
		policies.Auditor:           {"/activity", `href="/audit/access`, `href="/c`},
		policies.Support:           {"/people", `href="/activity`, `href="/devices`},
		policies.ConnectorOperator: {"/activity", `href="/activity`, `href="/devices`},
	} {
		t.Run(string(role), func(t *testing.T) {
			b := joins(t, s, strings.ReplaceAll(string(role), "-", ""), s.Household, role)
			at := b.Get(t, "/").Wants(t, 303).Header.Get("Location")
			if at != wants.home {
				t.Fatalf("begins at %s", at)
			}
			page := b.Get(t, at).Wants(t, 200).Says(t, wants.has).Silent(t, wants.not)
			nav := page.Body[strings.Index(page.Body, `<div class="side">`):]
			for _, part := range strings.Split(nav[:strings.Index(nav, "</nav>")], `href="`)[1:] {
				b.Get(t, strings.ReplaceAll(part[:strings.Index(part, `"`)], "&amp;", "&")).Wants(t, 200)
			}
			b.Get(t, "/me").Wants(t, 200)
			if p := b.Get(t, "/devices/"+string(d.ID)); p.Status >= 500 {
				t.Errorf("the device's page: %d", p.Status)
			}
		})
	}
}

// Why somebody may not see what is Homer's tells nothing of whom Homer does not
// know: not even that there is such an account.
func TestWhyNamesNobodyElsewhere(t *testing.T) {
	s := furnished(t)
	flanders(t, s)
	ned, err := s.Users.ByEmail(t.Context(), "ned@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"/why?what=device:read&org=", "/api/v1/explain?action=device:read&org="} {
		for _, who := range []string{"ned@simps.net", string(ned.ID), "nobody@simps.net", string(iam.NewID())} {
			s.Homer.Get(t, at+string(s.Household)+"&who="+who).Wants(t, 404).Silent(t, "Flanders", ">Ned")
		}
		s.Homer.Get(t, at+string(s.Household)+"&who=marge@simps.net").Wants(t, 200)
	}
}

// Whoever owns a tenant may type any address into the forms for sharing and
// lending: what he is told is the same, whether there is an account or not.
func TestSharingAndLendingTellNobodyWhoHasAnAccount(t *testing.T) {
	s := furnished(t)
	ned := flanders(t, s)
	own := ned.Get(t, "/shares").Wants(t, 200)
	org, role := own.Find(t, `name="org" value="([0-9a-z]{20})"`), own.Find(t, `(?s)name="leans".*?<option value="([0-9a-z]{20})"`)
	until := s.Clock.Now().Add(time.Hour)
	chance := regexp.MustCompile(`[0-9a-z]{20}|/i/[A-Za-z0-9_-]+|"[A-Za-z0-9_-]{20,}"|<time.*?</time>|data-now="[^"]*"`)
	asks := []func(to string) webtest.Page{
		func(to string) webtest.Page { return ned.Post(t, "/shares", "org", org, "to", to, "role", "viewer") },
		func(to string) webtest.Page {
			return ned.Post(t, "/shares", "org", org, "to", to, "role", "viewer", "sure", "1")
		},
		func(to string) webtest.Page {
			return ned.Post(t, "/deputies", "leans", role, "to", to, "role", "viewer", "until", until.In(time.Local).Format("2006-01-02T15:04"))
		},
		func(to string) webtest.Page {
			return ned.Post(t, "/deputies", "leans", role, "to", to, "role", "viewer", "until", until.In(time.Local).Format("2006-01-02T15:04"), "sure", "1")
		},
		func(string) webtest.Page { return ned.Get(t, "/shares") },
	}
	for i, ask := range asks {
		var told [2]string
		for n, to := range []string{"homer@simps.net", "nobody@simps.net"} {
			page := ask(to).Wants(t, 200).Silent(t, "Homer")
			told[n] = chance.ReplaceAllString(strings.ReplaceAll(page.Body, to, "ADDRESS"), "CHANCE")
		}
		if told[0] != told[1] {
			t.Errorf("question %d is answered differently:\n%s\n\n%s", i, told[0], told[1])
		}
	}
	people := ned.Get(t, "/people?org="+org).Wants(t, 200).Says(t, "homer@simps.net", "nobody@simps.net").Silent(t, "Homer")
	ned.Post(t, people.Find(t, `action="(/people/invitations/[0-9a-z]{20}/revoke)"`), "org", org).Wants(t, 303)
}
