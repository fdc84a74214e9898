package web_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
	"halfkey/web/webtest"
)

// audited is a furnished house that is two months old, with an auditor, and a
// thermometer in Household.
func audited(t *testing.T) (s *webtest.Simpsons, burns *webtest.Browser, device, channel string) {
	s = furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	token, _, err := s.Orgs.Invite(s.AsHomer(t), s.Tenant, "burns@simps.net", string(policies.Auditor))
	if err != nil {
		t.Fatal(err)
	}
	burns = s.Browser(t)
	burns.Post(t, "/i/"+token.Reveal(), "name", "Burns", "password", webtest.Password).Wants(t, 303)
	for _, table := range []string{"orgs", "devices", "assignments"} {
		if err := s.DB.Exec("UPDATE "+table+" SET created_at = created_at - ?", (60 * 24 * time.Hour).Microseconds()).Error; err != nil {
			t.Fatal(err)
		}
	}
	return s, burns, string(d.ID), d.Channel
}

// endMarge takes Marge's role away, now.
func endMarge(t *testing.T, s *webtest.Simpsons) {
	t.Helper()
	page := s.Homer.Get(t, "/people?org="+string(s.Household)).Wants(t, 200)
	seat := page.Find(t, `(?s)Marge.*?/people/roles/([0-9a-z]{20})`)
	s.Homer.Post(t, "/people/roles/"+seat+"/end", "org", string(s.Household)).Wants(t, 303)
}

func TestAnAuditorAnswersWhoCouldReadAChannelLastMonth(t *testing.T) {
	s, burns, _, channel := audited(t)
	endMarge(t, s)
	if to := burns.Get(t, "/").Wants(t, 303).Header.Get("Location"); !strings.HasPrefix(to, "/activity") {
		t.Errorf("an auditor begins at %s", to)
	}
	burns.Get(t, "/activity").Wants(t, 200).Says(t, "/audit/access", "/audit/keys", "/people", "Auditor").Silent(t, `href="/devices`)
	month := time.Now().UTC().AddDate(0, -1, 0)
	then := "&day=" + month.Format("2006-01-02") + "&time=12:00"
	burns.Get(t, "/audit/access?what="+channel+then).Wants(t, 200).Says(t, "Who could see Living room", "Marge", "Homer", "Member", "ended by Homer", "Household").Silent(t, "Burns</a>")
	burns.Get(t, "/audit/access?what="+channel).Wants(t, 200).Says(t, "Homer").Silent(t, "Marge")
	burns.Get(t, "/audit/access?who=marge%40simps.net"+then).Wants(t, 200).Says(t, "What Marge could see", "Living room", "74743827342").Silent(t, "<h2>Power plant")
	burns.Get(t, "/audit/access?who=nobody%40simps.net"+then).Wants(t, 200).Says(t, "Nobody of that name")
	burns.Get(t, "/audit/access?what=999999"+then).Wants(t, 200).Says(t, "no such device or channel then")
	burns.Get(t, "/audit/access?what=1&day=3.11.2026&time=25:00").Wants(t, 422).Says(t, "A day is written like", "A time is written like")
	burns.Get(t, "/audit/access?what=1&day=2199-01-01&time=00:00").Wants(t, 422).Says(t, "has not come yet")
	for _, path := range []string{"/audit", "/audit/access", "/audit/keys"} {
		s.Marge.Get(t, path).Wants(t, 403)
	}
}

func TestTheAuditorsBrowserFindsItInTwoClicks(t *testing.T) {
	s, _, _, channel := audited(t)
	tab, base := signedIn(t, s, "burns")
	if err := chromedp.Do(tab, chromedp.Navigate(base+"/audit/access"), chromedp.WaitReady(chromedp.CSS("#things"))); err != nil {
		t.Fatal(err)
	}
	fill := `document.querySelector("#f-what").value = "` + channel + `"; document.querySelector("#f-what-day").value = "` + time.Now().UTC().AddDate(0, -1, 0).Format("2006-01-02") + `"; 0`
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](fill)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelector("#f-what").form.requestSubmit(); 0`)); err != nil {
		t.Fatal(err)
	}
	waits(t, tab, `document.querySelector("#answer")?.innerText.includes("Marge") === true`)
	at, err := chromedp.Run(tab, chromedp.Evaluate[string]("location.href"))
	if err != nil {
		t.Fatal(err)
	}
	look(t, tab, "access", at)
	look(t, tab, "access-person", base+"/audit/access?who=marge%40simps.net")
	look(t, tab, "audit", base+"/audit")
	look(t, tab, "audit-wrong", base+"/audit?from=yesterday")
	look(t, tab, "inventory", base+"/audit/keys?kind=write")
	look(t, tab, "auditor", base+"/activity")
}

func TestTheTrailIsFilteredByItsAddress(t *testing.T) {
	s, burns, device, _ := audited(t)
	s.Homer.Post(t, "/devices/"+device+"/name", "name", "Lounge").Wants(t, 303)
	full := burns.Get(t, "/audit?verb=device.rename&object="+device).Wants(t, 200).Says(t, "Living room", "Lounge", "Before", "After", "Portal", "<code>device.rename</code>").Silent(t, "<code>session.open</code>")
	request := full.Find(t, `<code>([0-9a-z]{20})</code>\s*</dd></div><div><dt>Line`)
	if len(request) != 20 {
		t.Errorf("request %q", request)
	}
	today := time.Now().UTC().Format("2006-01-02")
	burns.Get(t, "/audit?from="+today+"&to="+today+"&actor=homer%40simps.net&door=portal&outcome=ok").Wants(t, 200).Says(t, "device.rename")
	burns.Get(t, "/audit?to=2020-01-01").Wants(t, 200).Silent(t, "device.rename</code>")
	burns.Get(t, "/activity?actor=marge%40simps.net").Wants(t, 200).Says(t, "Marge").Silent(t, "Lounge")
	burns.Get(t, "/activity?view=full&q=lounge").Wants(t, 200).Says(t, "trail-line", "Lounge")
	for address, says := range map[string]string{"from=3.11.2026": "A day is written like", "door=window": "no such door", "verb=%3Cx%3E": "A deed is written like", "from=2026-11-04&to=2026-11-03": "before the first", "outcome=maybe": "An outcome is"} {
		burns.Get(t, "/audit?"+address).Wants(t, 422).Says(t, says)
	}
	t.Run("everybody sees his own deeds and no others", func(t *testing.T) {
		s.Marge.Get(t, "/activity").Wants(t, 200).Says(t, "What you did here").Silent(t, "Lounge", "Homer", "Power plant")
		s.Marge.Get(t, "/activity?actor="+string(s.HomerID)).Wants(t, 200).Silent(t, "Lounge")
		s.Marge.Get(t, "/activity?actor=homer%40simps.net&view=full").Wants(t, 200).Silent(t, "Lounge", string(s.HomerID)+"</code>")
	})
}

func TestTheChainsCheckIsShown(t *testing.T) {
	s, burns, _, _ := audited(t)
	org := string(s.Tenant)
	burns.Get(t, "/audit").Wants(t, 200).Says(t, "Nobody has looked yet")
	burns.Post(t, "/audit/check", "org", org).Wants(t, 303)
	burns.Get(t, "/audit").Wants(t, 200).Says(t, "The chain holds")
	if err := s.DB.Exec("UPDATE audit SET actor_name = 'Bart' WHERE tenant_id = ? AND seq = 4", org).Error; err != nil {
		t.Fatal(err)
	}
	burns.Post(t, "/audit/check", "org", org).Wants(t, 303)
	for _, path := range []string{"/audit", "/activity"} {
		burns.Get(t, path).Wants(t, 200).Says(t, "changed behind our back", "Lines 4 to", "cannot be trusted")
	}
	s.Marge.Post(t, "/audit/check", "org", string(s.Household)).Wants(t, 403)
	s.Marge.Post(t, "/audit/check", "org", org).Wants(t, 404)
}

func TestAnExportIsTakenAwayWithItsSignature(t *testing.T) {
	s, burns, _, _ := audited(t)
	key, err := audit.ParsePublicKey([]byte(burns.Get(t, "/audit/signing-key").Wants(t, 200).Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"csv", "ndjson"} {
		at := burns.Post(t, "/audit/exports", "org", string(s.Tenant), "format", format, "verb", "person.invite").Wants(t, 303).Header.Get("Location")
		burns.Get(t, at).Wants(t, 200).Says(t, "Ready: 2 lines", "verify-export", key.ID())
		file := burns.Get(t, at+"/file").Wants(t, 200).Says(t, "person.invite", "marge@simps.net").Silent(t, "device.board")
		signed, err := audit.CheckSignature(key, fmt.Sprintf("%x", sha256.Sum256([]byte(file.Body))), burns.Get(t, at+"/signature").Wants(t, 200).Body)
		if err != nil || signed.Lines != 2 || iam.OrgID(signed.Tenant) != s.Tenant {
			t.Errorf("%s: %+v %v", format, signed, err)
		}
		s.Marge.Get(t, at+"/file").Wants(t, 404)
	}
	burns.Get(t, "/activity").Says(t, "exported a part of the trail")
	burns.Post(t, "/audit/exports", "org", string(s.Tenant), "format", "pdf").Wants(t, 422)
	s.Marge.Post(t, "/audit/exports", "org", string(s.Household), "format", "csv").Wants(t, 403)
}

func TestTheInventoryIsATable(t *testing.T) {
	s, burns, _, _ := audited(t)
	key := s.Key(t, s.Household)
	s.Marge.Get(t, "/c").Wants(t, 200)
	burns.Get(t, "/audit/keys").Wants(t, 200).Says(t, "Registration keys", "Household").Silent(t, key.First, key.Second.Reveal())
	burns.Get(t, "/audit/keys?kind=write&only=never").Wants(t, 200).Says(t, "Living room", "Never used")
	burns.Get(t, "/audit/keys?kind=write&only=old").Wants(t, 200).Says(t, "No such keys")
	burns.Get(t, "/audit/keys/export?kind=write").Wants(t, 200).Says(t, "outside_policy", "Living room")
	burns.Get(t, "/audit/keys?kind=doors").Wants(t, 422)
	burns.Post(t, "/audit/keys/term", "org", string(s.Tenant), "days", "5").Wants(t, 403)
	s.Homer.Post(t, "/audit/keys/term", "org", string(s.Tenant), "days", "many").Wants(t, 422).Says(t, "1 to 3650")
	s.Homer.Post(t, "/audit/keys/term", "org", string(s.Tenant), "days", "30").Wants(t, 303)
	s.Homer.Get(t, "/audit/keys").Says(t, "Keys here may be 30 days old")
}

func TestAnOwnerLooksThroughWhoMayStillSeeHisDevices(t *testing.T) {
	s := furnished(t)
	s.Board(t, s.Household, "74743827342", "Living room")
	s.Homer.Get(t, "/people").Wants(t, 200).Says(t, "/reviews")
	s.Homer.Get(t, "/reviews").Wants(t, 200).Says(t, "Who may still see my devices?", "Ask the managers")
	at := s.Homer.Post(t, "/reviews", "org", string(s.Tenant), "kind", "own").Wants(t, 303).Header.Get("Location")
	page := s.Homer.Get(t, at).Wants(t, 200).Says(t, "Marge", "Household", "0 of 1 decided", "Finish: keep the rest")
	item := page.Find(t, `/items/([0-9a-z]{20})`)
	s.Marge.Get(t, at).Wants(t, 404)
	s.Marge.Post(t, at+"/items/"+item, "decision", "keep").Wants(t, 403)
	s.Homer.Post(t, at+"/items/"+item, "decision", "perhaps").Wants(t, 422)
	s.Homer.Post(t, at+"/items/"+item, "decision", "end", "reason", "moved out").Wants(t, 303)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "1 of 1 decided", "moved out", "Ended")
	s.Homer.Post(t, at+"/close").Wants(t, 303)
	s.Homer.Get(t, "/reviews").Says(t, "Closed")
	s.Homer.Get(t, "/activity").Says(t, "closed a review", "loses what they hold")
	s.Homer.Post(t, "/reviews", "org", string(s.Tenant), "kind", "campaign", "name", "", "due", "soon").Wants(t, 422).Says(t, "deadline has to lie")
	due := time.Now().UTC().AddDate(0, 0, 7).Format("2006-01-02")
	at = s.Homer.Post(t, "/reviews", "org", string(s.Tenant), "kind", "campaign", "name", "Autumn", "due", due, "undecided", "end").Wants(t, 303).Header.Get("Location")
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Autumn", "is ended", "Finish: end the rest")
	s.Homer.Get(t, "/").Says(t, "Please look through who holds what: Autumn")
	for _, path := range []string{"/reviews", "/reviews/00000000000000000000"} {
		if p := s.Marge.Get(t, path); p.Status != 403 && p.Status != 404 {
			t.Errorf("Marge gets %d from %s", p.Status, path)
		}
	}
}

func TestReviewsAreFitForEverybody(t *testing.T) {
	s := furnished(t)
	s.Board(t, s.Household, "74743827342", "Living room")
	at := s.Homer.Post(t, "/reviews", "org", string(s.Tenant), "kind", "own").Wants(t, 303).Header.Get("Location")
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "reviews", base+"/reviews")
	look(t, tab, "review", base+at)
}
