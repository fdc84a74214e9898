package web_test

import (
	"testing"

	"halfkey/web/webtest"
)

// Who tries whether somebody has an account here learns nothing from how long the
// answer takes: it costs the same hashes, known or not.
func TestAKnownAddressCostsNoOtherWork(t *testing.T) {
	o := withMail(t)
	for _, door := range []struct {
		name string
		asks func(b *webtest.Browser, email string) webtest.Page
	}{
		{"sign-in", func(b *webtest.Browser, email string) webtest.Page {
			return b.Post(t, "/login", "email", email, "password", "not the password at all")
		}},
		{"recovery", func(b *webtest.Browser, email string) webtest.Page { return b.Post(t, "/recover", "email", email) }},
		{"registration", func(b *webtest.Browser, email string) webtest.Page {
			return b.Post(t, "/register", "organisation", "Moe's Tavern", "name", "Moe", "email", email, "password", webtest.Password)
		}},
		{"another address", func(_ *webtest.Browser, email string) webtest.Page {
			return o.Marge.Post(t, "/me/address", "email", email)
		}},
		{"an invitation", func(_ *webtest.Browser, email string) webtest.Page {
			return o.Homer.Post(t, "/people/invite", "org", string(o.Plant), "email", email, "role", "viewer")
		}},
	} {
		cost := func(email string) (int, int64) {
			before := o.Sessions.Passwords.Worked()
			p := door.asks(o.Browser(t), email)
			return p.Status, o.Sessions.Passwords.Worked() - before
		}
		known, hashes := cost("frink@simps.net")
		unknown, others := cost("nobody@simps.net")
		if known != unknown || hashes != others {
			t.Errorf("%s: a known address is answered %d after %d hashes, an unknown one %d after %d", door.name, known, hashes, unknown, others)
		}
	}
}
