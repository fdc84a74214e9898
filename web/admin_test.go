package web_test

import (
	"context"
	"fmt"
	"html"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// frink signs in the administrator of a furnished house.
func frink(t *testing.T, s *webtest.Simpsons) *webtest.Browser {
	t.Helper()
	b := s.Browser(t)
	b.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	return b
}

// stale makes everybody's proof of who he is eleven minutes old.
func stale(t *testing.T, s *webtest.Simpsons) {
	t.Helper()
	old := iam.Micros(time.Now().Add(-11 * time.Minute))
	if err := s.DB.Exec("UPDATE sessions SET verified_at = ?", old).Error; err != nil {
		t.Fatal(err)
	}
	if err := s.DB.Exec("UPDATE authz_version SET version = version + 1").Error; err != nil {
		t.Fatal(err)
	}
}

func TestTheOwnerHearsOfBrokenGlass(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	admin, at := frink(t, s), "/admin/orgs/"+string(s.Tenant)
	list := admin.Get(t, at+"?q=living").Wants(t, 200).Says(t, "Break-glass", "Write key", "Living room").Silent(t, key, "Registration key")
	ask := html.UnescapeString(list.Find(t, `href="(/admin/orgs/[^"]*kind=write-key[^"]*)"`))
	admin.Get(t, ask).Wants(t, 200).Says(t, "The owners of The Simpsons are told at once").Silent(t, key)
	form := []string{"kind", "write-key", "device", string(d.ID)}

	for _, b := range []*webtest.Browser{s.Homer, s.Marge} {
		for _, path := range []string{"/admin", "/admin/orgs", at, "/admin/users", "/admin/roles", "/admin/policies", "/admin/why?where=x"} {
			b.Get(t, path).Wants(t, 404)
		}
		b.Post(t, at+"/secret", append(form, "reason", "curious")...).Wants(t, 404)
	}
	admin.Post(t, at+"/secret", form...).Wants(t, 422).Says(t, "Say why").Silent(t, key)
	stale(t, s)
	form = append(form, "reason", "the shop's line is down")
	admin.Post(t, at+"/secret", form...).Wants(t, 403).Says(t, `name="prove_password"`).Silent(t, key)
	if home := s.Homer.Get(t, "/").Wants(t, 200); strings.Contains(home.Body, "write key") {
		t.Error("Homer is told of what did not happen")
	}
	shown := admin.Post(t, at+"/secret", append(form, "prove_password", webtest.Password)...).Wants(t, 200).Says(t, key, `data-hide="30"`)
	if shown.Header.Get("Cache-Control") != "no-store" {
		t.Error("a secret may be kept by the browser")
	}
	admin.Get(t, ask).Silent(t, key)

	s.Homer.Get(t, "/").Wants(t, 200).Says(t, "Frink, who administers this Halfkey, has looked at the write key of Living room in Household", "the shop&#39;s line is down")
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "by break-glass", "the shop&#39;s line is down").Silent(t, key)
	s.Marge.Get(t, "/c").Silent(t, "break-glass", "Frink")
}

func TestTheRulesAreAPage(t *testing.T) {
	s, _, channel := settled(t)
	admin := frink(t, s)
	reveal := `action="/k/` + channel + `"`
	s.Marge.Get(t, "/c/"+channel).Wants(t, 200).Says(t, reveal)
	admin.Get(t, "/admin/policies").Wants(t, 200).Says(t, "readkey:reveal", "p, member, readkey, reveal, allow")
	admin.Post(t, "/admin/policies", "role", "member", "act", "readkey:reveal", "effect", "deny").Wants(t, 303)
	admin.Get(t, "/admin/policies").Wants(t, 200).Says(t, "p, member, readkey, reveal, deny", "added here")
	s.Marge.Get(t, "/c/"+channel).Wants(t, 200).Silent(t, reveal)
	admin.Post(t, "/admin/policies/remove", "role", "member", "act", "readkey:reveal", "effect", "deny").Wants(t, 303)
	s.Marge.Get(t, "/c/"+channel).Wants(t, 200).Says(t, reveal)

	for _, r := range [][2]string{{"platform-admin", "platform:*"}, {"owner", "people:manage"}, {"owner", "*:*"}} {
		admin.Post(t, "/admin/policies", "role", r[0], "act", r[1], "effect", "deny").Wants(t, 409).Says(t, "would be locked out")
	}
	admin.Post(t, "/admin/policies", "role", "platform-admin", "act", "device:read", "effect", "allow").Wants(t, 409)
	admin.Post(t, "/admin/policies", "role", "king", "act", "device:read", "effect", "allow").Wants(t, 422)
	why := admin.Get(t, "/admin/why?who=marge@simps.net&what=device:read&where="+channel).Wants(t, 303).Header.Get("Location")
	admin.Get(t, why).Wants(t, 200).Says(t, "Marge may see values", "p, member, device, read, allow")
	admin.Get(t, "/admin/why?who=marge@simps.net&what=device:read&where=nowhere").Wants(t, 422).Says(t, "no organisation and no channel")
}

func TestThePlatformIsLookedAfter(t *testing.T) {
	s := furnished(t)
	admin, at := frink(t, s), "/admin/orgs/"+string(s.Tenant)
	admin.Get(t, "/admin").Wants(t, 200).Says(t, `href="/admin/orgs"`, `href="/admin/policies"`)
	admin.Get(t, "/admin/orgs?q=the+s").Wants(t, 200).Says(t, "The Simpsons")
	admin.Get(t, "/admin/orgs?q=springfield").Wants(t, 200).Says(t, "Nothing found")
	admin.Get(t, "/admin/orgs?q=%ff%00").Wants(t, 200)

	admin.Post(t, at+"/state").Wants(t, 200).Says(t, "Suspend The Simpsons?", "Marge loses sight of Household", `name="sure"`)
	admin.Post(t, at+"/state", "sure", "1", "reason", "bills").Wants(t, 303)
	s.Homer.Get(t, "/orgs/"+string(s.Household)).Wants(t, 404)
	admin.Get(t, at).Wants(t, 200).Says(t, "Suspended").Silent(t, "Break-glass")
	admin.Get(t, "/admin/orgs?state=suspended").Wants(t, 200).Says(t, "The Simpsons")
	admin.Post(t, at+"/state", "sure", "1", "to", "open").Wants(t, 303)
	s.Homer.Get(t, "/orgs/"+string(s.Household)).Wants(t, 200)

	marge, err := s.Users.ByEmail(t.Context(), "marge@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	admin.Get(t, "/admin/users?q=marge@").Wants(t, 200).Says(t, "Marge", "Household").Silent(t, "homer@simps.net")
	admin.Post(t, "/admin/users/"+string(marge.ID)+"/switch", "sure", "1").Wants(t, 303)
	s.Marge.Get(t, "/c").Wants(t, 303)
	admin.Get(t, "/admin/users?off=on").Wants(t, 200).Says(t, "Marge").Silent(t, "homer@simps.net")
	admin.Post(t, "/admin/users/"+string(marge.ID)+"/switch", "on", "1").Wants(t, 303)
	admin.Post(t, "/admin/users/"+string(s.HomerID)+"/switch", "sure", "1").Wants(t, 409).Says(t, "owner")

	t.Run("others are appointed, and the last administrator stays", func(t *testing.T) {
		link := admin.Post(t, "/admin/roles", "address", "lisa@simps.net", "role", string(policies.Support)).Wants(t, 200).Says(t, "lisa@simps.net is invited").Find(t, `(/i/[A-Za-z0-9_-]+)`)
		lisa := s.Browser(t)
		lisa.Post(t, link, "name", "Lisa", "password", webtest.Password).Wants(t, 303)
		page := admin.Get(t, "/admin/roles").Wants(t, 200).Says(t, "lisa@simps.net", "Support")
		admin.Post(t, "/admin/roles", "address", "lisa@simps.net", "role", string(policies.Auditor)).Wants(t, 200).Says(t, `name="sure"`)
		admin.Post(t, "/admin/roles", "address", "lisa@simps.net", "role", string(policies.PlatformAdmin), "sure", "1").Wants(t, 409).Says(t, "Nobody holds these two roles together")
		admin.Post(t, "/admin/roles", "address", "no address", "role", string(policies.Auditor)).Wants(t, 422)
		admin.Post(t, "/admin/roles", "address", "bart@simps.net", "role", "owner").Wants(t, 422)
		lisa.Get(t, "/admin/roles").Wants(t, 404)
		first := page.Find(t, `action="(/admin/roles/[0-9a-z]+/end)"`)
		admin.Post(t, first).Wants(t, 409).Says(t, "last administrator")
	})
}

func TestTheAdministratorsPagesAreFitForEverybody(t *testing.T) {
	s, device, _ := settled(t)
	if err := s.Decider.AddRule(asFrink(t, s), policies.Rule{Role: policies.Member, Object: "readkey", Act: "reveal", Effect: "deny"}); err != nil {
		t.Fatal(err)
	}
	tab, base := signedIn(t, s, "frink")
	complaints := uitest.Complaints(t, tab)
	at := "/admin/orgs/" + string(s.Tenant)
	for name, path := range map[string]string{"admin": "/admin", "admin-orgs": "/admin/orgs", "admin-org": at, "admin-secret": at + "/secret?kind=write-key&device=" + device,
		"admin-users": "/admin/users", "admin-roles": "/admin/roles", "admin-policies": "/admin/policies", "admin-sets": "/admin/policies?view=sets"} {
		look(t, tab, name, base+path)
	}
	t.Run("and a secret hides itself", func(t *testing.T) {
		if err := chromedp.Do(tab, uitest.As("light", 1280), chromedp.Navigate(base+at+"/secret?kind=write-key&device="+device), chromedp.WaitReady(chromedp.CSS("[name=reason]"))); err != nil {
			t.Fatal(err)
		}
		if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelector("[name=reason]").value = "a call"; 0`)); err != nil {
			t.Fatal(err)
		}
		submits(t, tab, "form[action$='/secret']", "[data-hide]")
		for _, theme := range uitest.Themes {
			for _, width := range uitest.Widths {
				if err := chromedp.Do(tab, uitest.As(theme, width)); err != nil {
					t.Fatal(err)
				}
				picture(t, tab, fmt.Sprintf("admin-shown-%s-%d", theme, width))
			}
		}
	})
	for _, c := range complaints() {
		t.Error(c)
	}
}

func asFrink(t *testing.T, s *webtest.Simpsons) context.Context {
	t.Helper()
	u, err := s.Users.ByEmail(t.Context(), "frink@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	return audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: string(u.ID), Name: u.Name})
}
