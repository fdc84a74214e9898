package web_test

import (
	"context"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"halfkey/iam/notify"
	"halfkey/iam/notify/notifytest"
	"halfkey/migrations/dbtest"
	"halfkey/web/webtest"
)

// office is a furnished house that sends mail.
type office struct {
	*webtest.Simpsons
	mail *notifytest.Server
}

func withMail(t *testing.T) *office {
	t.Helper()
	h := webtest.On(t, dbtest.SQLite(t), slog.DiscardHandler)
	o := &office{Simpsons: h.Furnish(t), mail: notifytest.Serve(t, nil)}
	m, err := notify.NewMailer(notify.MailConfig{Host: o.mail.Host, Port: o.mail.Port, From: "halfkey@simps.net", Mode: notify.Plain})
	if err != nil {
		t.Fatal(err)
	}
	o.Post.Mailer, o.Post.Base = m, func(context.Context) string { return "https://halfkey.example" }
	return o
}

// carry lets the queue's work be done, and what follows from it.
func (o *office) carry(t *testing.T) {
	t.Helper()
	for {
		var ids []string
		if err := o.DB.Raw("SELECT id FROM letters WHERE state = 'waiting' ORDER BY created_at").Scan(&ids).Error; err != nil {
			t.Fatal(err)
		}
		if len(ids) == 0 {
			return
		}
		for _, id := range ids {
			job := &river.Job[notify.Delivery]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: notify.Delivery{Letter: id}}
			if err := (notify.Postman{Service: o.Post}).Work(t.Context(), job); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// link is the page that the newest letter to an address leads to.
func (o *office) link(t *testing.T, to string) string {
	t.Helper()
	o.carry(t)
	letter := o.mail.Await(t, to)
	for _, line := range strings.Split(letter.Text, "\n") {
		if path, ok := strings.CutPrefix(line, "https://halfkey.example/"); ok {
			if !strings.Contains(letter.HTML, `href="`+line+`"`) {
				t.Errorf("the HTML part does not say the same: %s", letter.HTML)
			}
			return "/" + path
		}
	}
	t.Fatalf("no link in %q", letter.Text)
	return ""
}

// alike stops the test where two answers differ: one of them tells who has an account.
func alike(t *testing.T, a, b string) {
	t.Helper()
	clock := regexp.MustCompile(` data-now="[^"]*"`)
	linesOfB := strings.Split(clock.ReplaceAllString(b, ""), ">")
	for i, line := range strings.Split(clock.ReplaceAllString(a, ""), ">") {
		if i >= len(linesOfB) || line != linesOfB[i] {
			t.Fatalf("one says %q, the other %q", line, linesOfB[min(i, len(linesOfB)-1)])
		}
	}
}

func TestSomebodyWhoForgotComesBackByMail(t *testing.T) {
	o := withMail(t)
	b := o.Browser(t)
	b.Get(t, "/login").Wants(t, 200).Says(t, `href="/recover"`)
	b.Get(t, "/recover").Wants(t, 200).Says(t, "Send link")
	known := b.Post(t, "/recover", "email", "marge@simps.net").Wants(t, 200)
	unknown := b.Post(t, "/recover", "email", "nobody@simps.net").Wants(t, 200)
	alike(t, known.Body, unknown.Body)
	path := o.link(t, "marge@simps.net")
	b.Get(t, path).Wants(t, 200).Says(t, "marge@simps.net").Silent(t, path+"?")
	b.Post(t, path, "password", "short").Wants(t, 422).Says(t, "characters")
	if to := b.Post(t, path, "password", "a quite different sentence").Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("leads to %s", to)
	}
	b.Get(t, "/c").Wants(t, 200).Says(t, "password was chosen anew")
	id := b.Get(t, "/c").Find(t, `action="(/notices/[^"]+/dismiss)"`)
	b.Post(t, id).Wants(t, 303)
	b.Get(t, "/c").Silent(t, "password was chosen anew")
	if o.Marge.Get(t, "/c").Status != 303 {
		t.Error("Marge's other browser is still signed in")
	}
	o.Browser(t).Get(t, path).Wants(t, 410)
	b.Foreign(t, "/recover", "email", "marge@simps.net").Wants(t, 403)
}

// A link never leads where the request's Host says, and a page that a link opened
// tells nobody else about it.
func TestALinkLeadsWhereTheHouseIs(t *testing.T) {
	o := withMail(t)
	r := o.Browser(t)
	r.Post(t, "/recover", "email", "marge@simps.net").Wants(t, 200)
	path := o.link(t, "marge@simps.net")
	p := r.Get(t, path).Wants(t, 200)
	if p.Header.Get("Referrer-Policy") != "no-referrer" || p.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", p.Header)
	}
	if n := strings.Count(p.Body, strings.TrimPrefix(path, "/recover/")); n != 1 {
		t.Errorf("the token stands %d times in the page", n)
	}
}

func TestRegistrationByMail(t *testing.T) {
	o := withMail(t)
	fields := func(email string) []string {
		return []string{"organisation", "Moe's Tavern", "name", "Moe", "email", email, "password", webtest.Password}
	}
	b := o.Browser(t)
	fresh := b.Post(t, "/register", fields("moe@simps.net")...).Wants(t, 200)
	taken := b.Post(t, "/register", fields("homer@simps.net")...).Wants(t, 200)
	alike(t, strings.ReplaceAll(fresh.Body, "moe@simps.net", ""), strings.ReplaceAll(taken.Body, "homer@simps.net", ""))
	path := o.link(t, "moe@simps.net")
	if there := o.mail.Await(t, "homer@simps.net"); !strings.Contains(there.Text, "one already") {
		t.Errorf("Homer hears %q", there.Text)
	}
	if _, err := o.Users.ByEmail(t.Context(), "moe@simps.net"); err == nil {
		t.Error("the account is there before the link was opened")
	}
	other := o.Browser(t) // whoever it is, he did not choose the password
	other.Get(t, path).Wants(t, 200).Says(t, "Moe&#39;s Tavern")
	other.Post(t, path).Wants(t, 422).Says(t, "another browser")
	other.Post(t, path, "password", "something else entirely").Wants(t, 422)
	if to := b.Post(t, path).Wants(t, 303).Header.Get("Location"); to != "/" {
		t.Errorf("leads to %s", to)
	}
	b.Get(t, "/").Wants(t, 200).Says(t, "Moe&#39;s Tavern")
	b.Get(t, path).Wants(t, 410)
	b.Get(t, "/me").Wants(t, 200).Says(t, "the address is confirmed")
	t.Run("on another machine the password opens", func(t *testing.T) {
		b.Post(t, "/register", "organisation", "Kwik-E-Mart", "name", "Apu", "email", "apu@simps.net", "password", webtest.Password).Wants(t, 200)
		other.Post(t, o.link(t, "apu@simps.net"), "password", webtest.Password).Wants(t, 303)
	})
}

func TestAnAddressChangesByALink(t *testing.T) {
	o := withMail(t)
	same := func(p webtest.Page, email string) string { return strings.ReplaceAll(p.Body, email, "") }
	free := o.Marge.Post(t, "/me/address", "email", "marjorie@simps.net").Wants(t, 200)
	taken := o.Marge.Post(t, "/me/address", "email", "homer@simps.net").Wants(t, 200)
	alike(t, same(free, "marjorie@simps.net"), same(taken, "homer@simps.net"))
	path := o.link(t, "marjorie@simps.net")
	o.Browser(t).Post(t, path).Wants(t, 200).Says(t, "marjorie@simps.net")
	o.carry(t)
	if old := o.mail.Await(t, "marge@simps.net"); !strings.Contains(old.Text, "marjorie@simps.net") {
		t.Errorf("the old address hears %q", old.Text)
	}
	o.Browser(t).Post(t, "/login", "email", "marjorie@simps.net", "password", webtest.Password).Wants(t, 303)
	o.Browser(t).Post(t, path).Wants(t, 410)
}

func TestAManagerHelpsNoOwner(t *testing.T) {
	s := furnished(t)
	marge := s.Homer.Get(t, "/people?org="+string(s.Household)).Find(t, `href="(/people/[^/"]+/help\?org=[^"]+)"`)
	s.Homer.Get(t, strings.ReplaceAll(marge, "&amp;", "&")).Wants(t, 200).Says(t, "Make the link")
	path, _, _ := strings.Cut(marge, "?")
	link := s.Homer.Post(t, path, "org", string(s.Household)).Wants(t, 200).Find(t, `(/recover/[A-Za-z0-9_-]{43})`)
	s.Marge.Post(t, path).Wants(t, 404)
	s.Browser(t).Post(t, link, "password", "a quite different sentence").Wants(t, 303)
	s.Browser(t).Get(t, link).Wants(t, 410)
	s.Browser(t).Get(t, "/recover").Wants(t, 200).Says(t, "sends no mail").Silent(t, "Send link")
	s.Browser(t).Post(t, "/recover", "email", "marge@simps.net").Wants(t, 503)
}

func TestANewBrowserIsTold(t *testing.T) {
	o := withMail(t)
	known := o.Browser(t)
	in := func(b *webtest.Browser) {
		t.Helper()
		b.Post(t, "/login", "email", "homer@simps.net", "password", webtest.Password).Wants(t, 303)
	}
	in(known)
	o.carry(t)
	before := len(o.mail.Letters())
	in(known)
	o.carry(t)
	if n := len(o.mail.Letters()); n != before {
		t.Errorf("%d letters about a browser that is known", n-before)
	}
	in(o.Browser(t))
	o.carry(t)
	if n := len(o.mail.Letters()); n != before+1 {
		t.Errorf("%d letters about a new browser", n-before)
	}
	o.Homer.Post(t, "/me/mail").Wants(t, 303)
	in(o.Browser(t))
	o.carry(t)
	if n := len(o.mail.Letters()); n != before+1 {
		t.Error("he did not want to hear of it")
	}
}

// FuzzLinks: whatever stands in a link's address, it opens nothing and breaks nothing.
func FuzzLinks(f *testing.F) {
	s := webtest.New(f).Furnish(f)
	b := s.Browser(f)
	for _, seed := range []string{"", "x", strings.Repeat("A", 43), "%2e%2e%2f", "a/b", "\x00", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, kind := range []string{"/recover/", "/confirm/", "/i/"} {
			if p := b.Get(t, kind+url.PathEscape(token)); p.Status < 300 && token != "" || p.Status >= 500 {
				t.Errorf("%s%q: %d", kind, token, p.Status)
			}
		}
	})
}

func TestWhomARoleConcernsIsTold(t *testing.T) {
	o := withMail(t)
	end := o.Homer.Get(t, "/people?org="+string(o.Household)).Find(t, `href="/people/roles/([^"]+)"[^>]*aria-label="[^"]*Marge`)
	o.Homer.Post(t, "/people/roles/"+end+"/end").Wants(t, 303)
	o.carry(t)
	if told := o.mail.Await(t, "marge@simps.net"); !strings.Contains(told.Text, "Homer") || !strings.Contains(told.Subject, "Household") {
		t.Errorf("Marge hears %q: %q", told.Subject, told.Text)
	}
	for _, l := range o.mail.Letters() {
		if l.To == "homer@simps.net" {
			t.Errorf("Homer is told what he did himself: %s", l.Subject)
		}
	}
}
