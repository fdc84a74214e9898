package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// anHourLater makes every session one that was proved an hour ago.
func anHourLater(t *testing.T, h *webtest.House) {
	t.Helper()
	err := h.DB.Transaction(func(tx *gorm.DB) error {
		if err := h.Sessions.Versions.Bump(tx); err != nil {
			return err
		}
		return tx.Exec("UPDATE sessions SET verified_at = ?", time.Now().Add(-time.Hour).UnixMicro()).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsDangerousAsksOnceMoreAndGoesOn(t *testing.T) {
	s := furnished(t)
	anHourLater(t, s.House)
	s.Homer.Get(t, "/devices").Wants(t, 200)
	key := s.Key(t, s.Household).Typed()
	p := s.Homer.Post(t, "/devices/new", "org", string(s.Household)).Wants(t, 403)
	p.Says(t, "Is it you?", `name="org" value="`+string(s.Household)+`"`, `action="/devices/new"`).Silent(t, key)
	s.Homer.Post(t, "/devices/new", "org", string(s.Household), "prove_password", "not his password at all").Wants(t, 422).Says(t, "4 more tries").Silent(t, key)
	s.Homer.Post(t, "/devices/new", "org", string(s.Household), "prove_password", webtest.Password).Wants(t, 200).Says(t, key)
	s.Homer.Post(t, "/devices/new", "org", string(s.Household)).Wants(t, 200).Says(t, key)
	anHourLater(t, s.House)
	if to := s.Homer.Get(t, "/step?next=/devices").Wants(t, 200).Find(t, `action="([^"]+)"`); to != "/step?next=/devices" {
		t.Errorf("the proof goes to %s", to)
	}
	if to := s.Homer.Post(t, "/step?next=//evil.example", "prove_password", webtest.Password).Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("and leads to %s", to)
	}
}

func TestWhoBelongsNowhereKeepsHisOwnPage(t *testing.T) {
	s := furnished(t)
	marge, err := s.Users.ByEmail(t.Context(), "marge@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	var seat iam.AssignmentID
	if err := s.DB.Raw("SELECT id FROM assignments WHERE subject_id = ?", string(marge.ID)).Row().Scan(&seat); err != nil {
		t.Fatal(err)
	}
	if err := s.Orgs.EndRole(s.AsHomer(t), seat, orgs.With{}); err != nil {
		t.Fatal(err)
	}
	s.Marge.Get(t, "/").Wants(t, 403).Says(t, "You belong to no organisation", `href="/me"`)
	s.Marge.Get(t, "/me").Wants(t, 200).Says(t, "marge@simps.net", `action="/logout"`).Silent(t, "Household", "Simpsons")
	s.Marge.Post(t, "/me/password", "password", "a doughnut is no secret").Wants(t, 303)
	again := s.Browser(t)
	again.Post(t, "/login", "email", "marge@simps.net", "password", "a doughnut is no secret").Wants(t, 303)
	again.Post(t, "/me/app").Wants(t, 200).Says(t, `name="ticket"`)
}

func TestHomerSetsAnAppUpAndSignsInWithIt(t *testing.T) {
	s := furnished(t)
	s.Homer.Get(t, "/me").Wants(t, 200).Says(t, "Set up an app", "this one", "homer@simps.net")
	p := s.Homer.Post(t, "/me/app").Wants(t, 200)
	secret := strings.ReplaceAll(p.Find(t, `<code>([A-Z2-7 ]+)</code>`), " ", "")
	ticket := p.Find(t, `name="ticket" value="([^"]+)"`)
	s.Homer.Post(t, "/me/app/on", "ticket", ticket, "code", "000000").Wants(t, 422).Says(t, "Take the newest one", ticket)
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	p = s.Homer.Post(t, "/me/app/on", "ticket", ticket, "code", code(0)).Wants(t, 200)
	if n := strings.Count(p.Body, "<li><code>"); n != 10 {
		t.Errorf("%d recovery codes", n)
	}
	recovery := p.Find(t, `<li><code>([0-9A-Z-]+)</code>`)
	s.Homer.Get(t, "/me").Wants(t, 200).Says(t, "10 recovery codes are left").Silent(t, recovery, secret)

	b := s.Browser(t)
	half := func() string {
		p := b.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password, "next", "/devices").Wants(t, 200).Says(t, "One more thing")
		return p.Find(t, `name="ticket" value="([^"]+)"`)
	}
	b.Post(t, "/login/code", "ticket", half(), "code", "000000", "next", "/devices").Wants(t, 422).Says(t, "4 more tries")
	b.Get(t, "/devices").Wants(t, 303)
	if to := b.Post(t, "/login/code", "ticket", half(), "code", code(30*time.Second), "next", "/devices").Wants(t, 303).Header.Get("Location"); to != "/devices" {
		t.Errorf("leads to %s", to)
	}
	b.Get(t, "/me").Wants(t, 200).Says(t, "password and app", "End all others")
	b.Post(t, "/me/sessions/end-others").Wants(t, 303)
	s.Homer.Get(t, "/me").Wants(t, 303)
	b.Post(t, "/logout")
	if to := b.Post(t, "/login/code", "ticket", half(), "code", recovery, "next", "//evil.example/").Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("leads to %s", to)
	}
	b.Post(t, "/logout")
	b.Post(t, "/login/code", "ticket", half(), "code", recovery).Wants(t, 422)
}

// app sets an authenticator app up for whoever b's browser is, and gives what it
// shows so much later.
func app(t *testing.T, b *webtest.Browser) func(later time.Duration) string {
	t.Helper()
	p := b.Post(t, "/me/app").Wants(t, 200)
	secret := strings.ReplaceAll(p.Find(t, `<code>([A-Z2-7 ]+)</code>`), " ", "")
	code := func(later time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(later))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	b.Post(t, "/me/app/on", "ticket", p.Find(t, `name="ticket" value="([^"]+)"`), "code", code(0)).Wants(t, 200)
	return code
}

func TestThePagesOfAnAppAreFitForEverybody(t *testing.T) {
	s := furnished(t)
	tab, base := signedIn(t, s, "homer")
	complaints := uitest.Complaints(t, tab)
	goes(t, tab, base+"/me", "#app")
	submits(t, tab, "form[action='/me/app']", ".qr")
	picture(t, tab, "app")
	if err := chromedp.Do(tab, uitest.As("dark", 390)); err != nil {
		t.Fatal(err)
	}
	picture(t, tab, "app-dark-390")
	secret, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector("main code").textContent.replaceAll(" ", "")`))
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	does(t, tab, `document.querySelector("[name=code]").value = "`+code+`"`)
	submits(t, tab, "form[action='/me/app/on']", "ol.serials")
	picture(t, tab, "codes-dark-390")
	goes(t, tab, base+"/me", "#app")
	picture(t, tab, "me-app-dark-390")
	anHourLater(t, s.House)
	submits(t, tab, "form[action='/me/codes']", "[name=prove_code]")
	picture(t, tab, "step-code-dark-390")
	for _, c := range complaints() {
		if !strings.Contains(c, "403") && !strings.Contains(c, "422") { // what asked once more
			t.Error(c)
		}
	}
}

func TestAPlaceThatAsksForMoreLeadsToTheProof(t *testing.T) {
	s := furnished(t)
	secret := app(t, s.Homer)
	asks := func(what string) {
		t.Helper()
		err := s.DB.Transaction(func(tx *gorm.DB) error {
			if err := s.Sessions.Versions.Bump(tx); err != nil {
				return err
			}
			return tx.Exec("UPDATE orgs SET min_credential = ? WHERE id = ?", what, string(s.Plant)).Error
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	asks("mfa")
	page := "/people?org=" + string(s.Plant)
	to := s.Homer.Get(t, page).Wants(t, 303).Header.Get("Location")
	if !strings.HasPrefix(to, "/step?better=yes&next=%2Fpeople") {
		t.Fatalf("leads to %s", to)
	}
	s.Homer.Get(t, to).Wants(t, 200).Says(t, "Is it you?")
	if back := s.Homer.Post(t, to, "prove_password", webtest.Password, "prove_code", secret(30*time.Second)).Wants(t, 303).Header.Get("Location"); back != page {
		t.Errorf("and from there to %s", back)
	}
	s.Homer.Get(t, page).Wants(t, 200)
	asks("passkey") // which he has not
	s.Homer.Get(t, page).Wants(t, 403).Says(t, "asks for a better sign-in")
}

func TestMargeChangesHerPassword(t *testing.T) {
	s := furnished(t)
	other := s.Browser(t)
	other.Post(t, "/login", "email", "marge@simps.net", "password", webtest.Password).Wants(t, 303)
	s.Marge.Post(t, "/me/password", "password", "short").Wants(t, 422).Says(t, "at least 15").Silent(t, `value="short"`)
	s.Marge.Post(t, "/me/password", "password", "passwordpassword1").Wants(t, 422).Says(t, "Many people use")
	s.Marge.Post(t, "/me/password", "password", "marge@simps.net1").Wants(t, 422).Says(t, "little more than your own")
	s.Marge.Post(t, "/me/password", "password", "a hair do for every day").Wants(t, 303)
	s.Marge.Get(t, "/me").Wants(t, 200)
	other.Get(t, "/me").Wants(t, 303)
	other.Post(t, "/login", "email", "marge@simps.net", "password", webtest.Password).Wants(t, 422)
	other.Post(t, "/login", "email", "marge@simps.net", "password", "a hair do for every day").Wants(t, 303)
	s.Homer.Get(t, "/activity?org="+string(s.Household)).Wants(t, 200)
	s.Marge.Post(t, "/me/password/remove").Wants(t, 422).Says(t, "only way in")
}
