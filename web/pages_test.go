package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"halfkey/web/webtest"
)

func furnished(t *testing.T) *webtest.Simpsons {
	t.Helper()
	return webtest.New(t).Furnish(t)
}

func TestUntilThereIsAnAdministratorEveryPageLeadsToSetup(t *testing.T) {
	h := webtest.New(t)
	b := h.Browser(t)
	for _, path := range []string{"/", "/login", "/register", "/devices", "/c", "/i/whatever", "/enrol"} {
		if to := b.Get(t, path).Wants(t, 303).Header.Get("Location"); to != "/setup" {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	b.Get(t, "/setup").Wants(t, 200).Says(t, "Create administrator")
	b.Get(t, "/healthz").Wants(t, 200)
	p := b.Get(t, "/midpoint/ws/iot/devices/74743827342?key=HQ481047").Wants(t, 503)
	if p.Body != "unavailable\n" || p.Header.Get("Retry-After") == "" {
		t.Errorf("a device hears %q", p.Body)
	}
}

func TestAWrongSetupCodeLosesNothingThatWasTyped(t *testing.T) {
	h := webtest.New(t)
	p := h.Browser(t).Post(t, "/setup", "token", "wrong", "name", "Frink", "email", "frink@simps.net", "password", webtest.Password, "base_url", h.URL, "sign_up", "open")
	p.Wants(t, 422).Says(t, `value="Frink"`, `value="frink@simps.net"`, "setup link").Silent(t, webtest.Password)
}

func TestMargeSeesHouseholdAndNothingElse(t *testing.T) {
	s := furnished(t)
	s.Board(t, s.Household, "74743827342", "Living room")
	reactor, _ := s.Board(t, s.Plant, "74743827399", "Reactor")
	if to := s.Marge.Get(t, "/").Wants(t, 303).Header.Get("Location"); !strings.HasPrefix(to, "/c") {
		t.Errorf("Marge's home is %s", to)
	}
	for _, path := range []string{"/c", "/k"} {
		s.Marge.Get(t, path).Wants(t, 200).Says(t, "Living room").Silent(t, "Reactor", "Power plant", string(s.Plant), string(s.Tenant))
	}
	nobody := "00000000000000000000"
	for path, absent := range map[string]string{
		"/devices/" + string(reactor.ID):              "/devices/" + nobody,
		"/c/" + reactor.Channel:                       "/c/999999",
		"/c/" + reactor.Channel + "/data":             "/c/999999/data",
		"/c?org=" + string(s.Plant):                   "/c?org=" + nobody,
		"/people?org=" + string(s.Plant):              "/people?org=" + nobody,
		"/activity?org=" + string(s.Plant):            "/activity?org=" + nobody,
		"/events?page=channels&id=" + reactor.Channel: "/events?page=channels&id=999999",
	} {
		hidden, none := s.Marge.Get(t, path).Wants(t, 404), s.Marge.Get(t, absent).Wants(t, 404)
		if plain(hidden, path) != plain(none, absent) {
			t.Errorf("%s answers otherwise than what does not exist", path)
		}
		hidden.Silent(t, "Reactor", "Power plant")
	}
	for _, path := range []string{"/people", "/audit", "/pending", "/devices/new"} {
		s.Marge.Get(t, path).Wants(t, 403)
	}
	s.Marge.Post(t, "/k/"+reactor.Channel).Wants(t, 404)
	s.Marge.Post(t, "/devices/"+string(reactor.ID)+"/pause").Wants(t, 404)
}

// plain is a page without what names this very request.
func plain(p webtest.Page, path string) string {
	p.Body = strings.ReplaceAll(p.Body, p.Header.Get("X-Request-Id"), "")
	p.Body = regexp.MustCompile(`data-now="[^"]*"`).ReplaceAllString(p.Body, "")
	return strings.ReplaceAll(p.Body, html.EscapeString(path), "")
}

func TestMargeFindsHerReadKeyAndItIsWrittenDown(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	s.Marge.Get(t, "/k").Wants(t, 200).Says(t, "You have not asked for this key yet.")
	p := s.Marge.Post(t, "/k/"+d.Channel).Wants(t, 200)
	key := p.Find(t, `<code>([A-Z0-9]{16})</code>`)
	if got := p.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the page with a key is kept: %q", got)
	}
	s.Marge.Get(t, "/k").Wants(t, 200).Silent(t, key)
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "looked at their read key").Silent(t, key)
}

func TestAnInvitationWorksOnce(t *testing.T) {
	s := furnished(t)
	page := s.Homer.Post(t, "/people/invite", "org", string(s.Household), "email", "bart@simps.net", "role", "member").Wants(t, 200)
	link := page.Find(t, `(/i/[A-Za-z0-9_-]+)`)
	s.Homer.Get(t, "/people?org="+string(s.Household)).Wants(t, 200).Says(t, "bart@simps.net").Silent(t, link)
	bart := s.Browser(t)
	bart.Get(t, link).Wants(t, 200).Says(t, "Homer", "Household", "bart@simps.net")
	bart.Post(t, link, "name", "Bart", "password", "short").Wants(t, 422).Says(t, `value="Bart"`, "at least 15").Silent(t, `value="short"`)
	bart.Post(t, link, "name", "Bart", "password", webtest.Password).Wants(t, 303)
	bart.Get(t, "/c").Wants(t, 200)
	s.Browser(t).Get(t, link).Wants(t, 410).Says(t, "has been accepted")
}

func TestAnInvitationsPageDoesNotTellWhoIsKnownHere(t *testing.T) {
	s := furnished(t)
	ned := s.Browser(t)
	ned.Post(t, "/register", "organisation", "The Flanders", "name", "Ned", "email", "ned@flanders.example", "password", webtest.Password).Wants(t, 303)
	link := func(email string) string {
		return s.Homer.Post(t, "/people/invite", "org", string(s.Household), "email", email, "role", "member").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	}
	known, unknown := link("ned@flanders.example"), link("abe@flanders.example")
	same := func(what string, a, b webtest.Page) {
		t.Helper()
		b.Body = strings.ReplaceAll(b.Body, "abe@", "ned@")
		if a.Status != b.Status || plain(a, known) != strings.ReplaceAll(plain(b, unknown), url.QueryEscape(unknown), url.QueryEscape(known)) {
			t.Errorf("%s tells whether there is an account: %d and %d\n%s\n%s", what, a.Status, b.Status, a.Body, b.Body)
		}
	}
	same("the page", s.Browser(t).Get(t, known).Wants(t, 200), s.Browser(t).Get(t, unknown))
	same("a bad form", s.Browser(t).Post(t, known, "name", "N", "password", "short").Wants(t, 422), s.Browser(t).Post(t, unknown, "name", "N", "password", "short"))
	s.Browser(t).Post(t, known, "name", "Ned", "password", webtest.Password).Wants(t, 422).Says(t, "You have an account already", "/login?next=")
	ned.Get(t, known).Wants(t, 200).Silent(t, `name="password"`)
	ned.Post(t, known).Wants(t, 303)
	ned.Get(t, "/c").Wants(t, 200)
}

func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	s := furnished(t)
	r := s.Homer
	p := r.Foreign(t, "/orgs", "parent", string(s.Tenant), "name", "Evil", "kind", "plain")
	p.Wants(t, 403)
	s.Homer.Get(t, "/orgs").Silent(t, "Evil")
}

func TestSigningOutEndsTheSession(t *testing.T) {
	s := furnished(t)
	s.Homer.Get(t, "/").Wants(t, 200)
	s.Homer.Post(t, "/logout").Wants(t, 303)
	if to := s.Homer.Get(t, "/devices?q=x").Wants(t, 303).Header.Get("Location"); to != "/login?next=%2Fdevices%3Fq%3Dx" {
		t.Errorf("led to %s", to)
	}
	p := s.Homer.Post(t, "/login", "email", "homer@simps.net", "password", "wrong wrong wrong", "next", "/devices").Wants(t, 422)
	p.Says(t, "That did not match", "4 more tries", `value="homer@simps.net"`)
	if to := s.Homer.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password, "next", "//evil.example/").Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("the sign-in leads to %s", to)
	}
}

func TestTheAddPageShowsTheKeyByPostOnly(t *testing.T) {
	s := furnished(t)
	s.Homer.Get(t, "/devices/new?org="+string(s.Household)).Wants(t, 200).Says(t, "Where does it belong?")
	p := s.Homer.Post(t, "/devices/new", "org", string(s.Household)).Wants(t, 200)
	key := s.Key(t, s.Household)
	p.Says(t, "regkey "+key.Typed(), "Listening…", "<path")
	if strings.Contains(p.Find(t, `<title>([^<]*)</title>`), key.First) {
		t.Error("the key is in the title")
	}
	id := p.Find(t, `key=([0-9a-z]{20})`)
	s.Homer.Get(t, "/devices/new?key="+id).Wants(t, 200).Silent(t, key.Typed(), key.Second.Reveal())
	s.Homer.Get(t, "/activity").Says(t, "looked at the registration key").Silent(t, key.Second.Reveal())
}

func TestADeviceIsRenamedMovedPausedAndOffboarded(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "")
	s.Measure(t, key, 3, time.Minute, 21)
	page := "/devices/" + string(d.ID)
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "74743827342", ">Marge</a>", ">Homer</a>")
	s.Homer.Post(t, page+"/name", "name", "\x00").Wants(t, 422).Says(t, "printable")
	s.Homer.Post(t, page+"/name", "name", "Living room").Wants(t, 303)
	s.Homer.Post(t, page+"/pause").Wants(t, 303)
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "Paused", "Resume")
	s.Homer.Post(t, page+"/resume").Wants(t, 303)
	s.Homer.Get(t, page+"/move?to="+string(s.Plant)).Wants(t, 200).Says(t, "Marge loses sight of one device: Living room.", "open pages lose it at once")
	s.Homer.Post(t, page+"/move", "to", string(s.Plant)).Wants(t, 303)
	s.Marge.Get(t, "/c/"+d.Channel).Wants(t, 404)
	s.Homer.Post(t, page+"/offboard", "serial", "1").Wants(t, 422).Says(t, "not the device")
	s.Homer.Post(t, page+"/offboard", "serial", "74743827342").Wants(t, 303)
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "Offboarded")
	s.Homer.Get(t, "/devices").Wants(t, 200).Silent(t, "Living room")
}

func TestTheListPagesAndFilters(t *testing.T) {
	s := furnished(t)
	for i := range 25 {
		s.Board(t, s.Household, "T"+string(rune('a'+i))+"1", "")
	}
	p := s.Homer.Get(t, "/devices").Wants(t, 200).Says(t, "25 devices", "Next page")
	if n := strings.Count(p.Body, `<th scope="row"`); n != 20 {
		t.Errorf("the page has %d rows", n)
	}
	next := p.Find(t, `href="(/devices\?after=[0-9a-z]+)"`)
	p = s.Homer.Get(t, next).Wants(t, 200)
	if n := strings.Count(p.Body, `<th scope="row"`); n != 5 {
		t.Errorf("the last page has %d rows", n)
	}
	s.Homer.Get(t, "/devices?q=Tb1").Wants(t, 200).Says(t, "1 device").Silent(t, "Ta1")
	s.Homer.Get(t, "/devices?q=nothing").Wants(t, 200).Says(t, "Nothing fits", "Clear the filter")
	s.Homer.Get(t, "/devices?view=cards").Wants(t, 200).Says(t, `class="tiles"`)
	s.Homer.Get(t, "/devices?after=nonsense").Wants(t, 400)
}

func TestAnotherTenantsOwnerSeesNothing(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	ned := s.Browser(t)
	ned.Post(t, "/register", "organisation", "The Flanders", "name", "Ned", "email", "ned@simps.net", "password", webtest.Password).Wants(t, 303)
	for _, path := range []string{"/devices/" + string(d.ID), "/c/" + d.Channel, "/?org=" + string(s.Tenant), "/people?org=" + string(s.Household)} {
		ned.Get(t, path).Wants(t, 404).Silent(t, "Living room", "Simpsons")
	}
	ned.Get(t, "/devices").Wants(t, 200).Silent(t, "74743827342")
	ned.Get(t, "/").Wants(t, 200).Says(t, "halfkey-device")
}

func TestTheAdministratorSeesWhatThereIsAndNotWhatIsInside(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	admin := s.Browser(t)
	admin.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	admin.Get(t, "/").Wants(t, 200).Says(t, "This installation", "Organisations").Silent(t, "The Simpsons")
	admin.Get(t, "/admin/orgs").Wants(t, 200).Says(t, "The Simpsons").Silent(t, "Living room")
	s.Measure(t, key, 3, time.Minute, 21.4)
	admin.Get(t, "/devices/"+string(d.ID)).Wants(t, 200).Says(t, "Living room", "not what it measures").Silent(t, "21.4")
	admin.Get(t, "/c/"+d.Channel).Wants(t, 404)
	admin.Get(t, "/people?org="+string(s.Tenant)).Wants(t, 200).Says(t, "homer@simps.net").Silent(t, `href="/devices`)
	admin.Post(t, "/orgs", "platform", "1", "parent", admin.Get(t, "/").Find(t, `name="parent" value="([0-9a-z]+)"`), "name", "The Flanders").Wants(t, 303)
	admin.Get(t, "/admin/orgs").Wants(t, 200).Says(t, "The Flanders")
}
