package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// bringing lets people who found an organisation bring an account at a service along.
func bringing(t *testing.T, s *webtest.Simpsons) *hosted {
	t.Helper()
	there := newHosted(t)
	s.Orgs.Newcomers = []string{there.url}
	return there
}

func founding(email string, more ...string) []string {
	return append([]string{"organisation", "Kwik-E-Mart", "name", "Apu", "email", email, "password", webtest.Password}, more...)
}

func TestApuBringsHisThingSpeakAccountAlong(t *testing.T) {
	s := furnished(t)
	there := bringing(t, s)
	tab, base := browsing(t, s.House)
	complaints := uitest.Complaints(t, tab)
	goes(t, tab, base+"/register", "#register")
	does(t, tab, "document.querySelector('details').open = true")
	types(t, tab, "[name=organisation]", "Kwik-E-Mart", "[name=name]", "Apu", "[name=email]", "apu@simps.net", "[name=password]", webtest.Password, "[name=account_key]", wrongKey)
	clicks(t, tab, "[value=check]")
	waits(t, tab, says("The service refuses this account key."))
	waits(t, tab, says("Copy it once more from your profile there"))
	picture(t, tab, "register-account-wrong")
	types(t, tab, "[name=account_key]", there.account)
	clicks(t, tab, "[value=check]")
	waits(t, tab, says("ThingSpeak answers; you have 4 channels left"))
	waits(t, tab, "document.querySelector('[name=password]').value !== '' && document.querySelector('[name=account_key]').value === '"+there.account+"' && location.pathname === '/register'")
	for _, theme := range uitest.Themes {
		for _, width := range uitest.Widths {
			if err := chromedp.Do(tab, uitest.As(theme, width)); err != nil {
				t.Fatal(err)
			}
			picture(t, tab, "register-account-"+theme+"-"+map[bool]string{true: "390", false: "1280"}[width < 600])
		}
	}
	does(t, tab, "document.querySelector('#register .button-primary.button-wide:not([type])').click()")
	if err := chromedp.Do(tab, chromedp.WaitReady(chromedp.CSS(".avatar"))); err != nil {
		t.Fatal(err)
	}
	goes(t, tab, base+"/connectors", ".rows")
	waits(t, tab, says("you have 4 channels left")+" && !document.documentElement.outerHTML.includes('"+there.account+"')")
	waits(t, tab, "document.querySelector('.rows tbody tr').innerText.includes('New devices get their channels here') && document.querySelector('.rows tbody tr').innerText.includes('ThingSpeak')")
	for _, c := range complaints() {
		if !strings.Contains(c, "422") { // the wrong key
			t.Error(c)
		}
	}
}

func TestAnAccountKeyTypedBySomebodyWhoFoundsComesBackInNoPage(t *testing.T) {
	s := furnished(t)
	there := bringing(t, s)
	b := s.Browser(t)
	at := func(address, key string, more ...string) []string {
		return founding("apu@simps.net", append([]string{"account_at", address, "account_key", key}, more...)...)
	}
	b.Get(t, "/register").Wants(t, 200).Says(t, "I have a ThingSpeak account", `name="account_at" value="`+there.url+`"`)
	b.Post(t, "/register", at(there.url, there.account, "do", "check")...).Wants(t, 200).Says(t, "you have 4 channels left", "Type it once more", `value="Kwik-E-Mart"`).Silent(t, there.account)
	b.Post(t, "/register", at(there.url, wrongKey)...).Wants(t, 422).Says(t, "The service refuses this account key.").Silent(t, wrongKey)
	b.Post(t, "/register", at(there.url, "", "do", "check")...).Wants(t, 422).Says(t, "key is missing")
	b.Post(t, "/register", at("http://127.0.0.1:9", there.account, "do", "check")...).Wants(t, 422).Says(t, "Accounts at that address cannot be brought along.").Silent(t, there.account)
	if _, err := s.Users.ByEmail(t.Context(), "apu@simps.net"); err == nil {
		t.Error("founded all the same")
	}

	// A service that does not answer keeps nobody from founding.
	s.Orgs.Newcomers = []string{"http://127.0.0.1:9", there.url}
	b.Post(t, "/register", at("http://127.0.0.1:9", there.account, "do", "check")...).Wants(t, 200).Says(t, "127.0.0.1:9 does not answer", "Save and try later").Silent(t, there.account)
	to := b.Post(t, "/register", at("http://127.0.0.1:9", there.account)...).Wants(t, 303).Header.Get("Location")
	b.Get(t, to).Wants(t, 200).Says(t, "127.0.0.1:9").Silent(t, there.account)
	for range 25 {
		b.Post(t, "/register", at(there.url, wrongKey, "do", "check")...)
	}
	b.Post(t, "/register", at(there.url, wrongKey, "do", "check")...).Says(t, "Keys were tried very often.")
}

// Where founding is finished by a mailed link, the key waits sealed.
func TestAnAccountKeyWaitsSealedForTheLink(t *testing.T) {
	o := withMail(t)
	there := bringing(t, o.Simpsons)
	b := o.Browser(t)
	b.Post(t, "/register", founding("apu@simps.net", "account_at", there.url, "account_key", there.account)...).Wants(t, 200).Silent(t, there.account)
	path := o.link(t, "apu@simps.net")
	if l := o.mail.Await(t, "apu@simps.net"); strings.Contains(l.Text, there.account) {
		t.Error("the key is in the letter")
	}
	for _, column := range []string{"letters.sealed", "links.sealed", "river_job.args"} {
		table, name, _ := strings.Cut(column, ".")
		var found int64
		if err := o.DB.Raw("SELECT COUNT(*) FROM "+table+" WHERE instr(CAST("+name+" AS TEXT), ?) > 0", there.account).Scan(&found).Error; err != nil || found > 0 {
			t.Errorf("%s: %d %v", column, found, err)
		}
	}
	b.Get(t, path).Wants(t, 200).Silent(t, there.account)
	b.Post(t, path).Wants(t, 303)
	b.Get(t, "/connectors").Wants(t, 200).Says(t, "ThingSpeak", "New devices get their channels here").Silent(t, there.account)
}
