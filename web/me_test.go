package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"gorm.io/gorm"

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
	b.Post(t, "/login/code", "ticket", half(), "code", recovery).Wants(t, 303)
	b.Post(t, "/logout")
	b.Post(t, "/login/code", "ticket", half(), "code", recovery).Wants(t, 422)
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
