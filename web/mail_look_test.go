package web_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/iam/oidc/oidctest"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// The pages that links, mail and providers lead to are fit for everybody too.
func TestPagesOfLinksAreFitForEverybody(t *testing.T) {
	o := withMail(t)
	provider := oidctest.Serve(t)
	page := "/orgs/" + string(o.Tenant) + "/sign-in"
	o.Homer.Post(t, page, "issuer", provider.URL, "client_id", oidctest.Client, "secret", oidctest.Secret, "domains", "simps.net", "role", "viewer").Wants(t, 303)
	b := o.Browser(t)
	b.Post(t, "/recover", "email", "marge@simps.net")
	back := o.link(t, "marge@simps.net")
	b.Post(t, "/register", "organisation", "Moe's Tavern", "name", "Moe", "email", "moe@simps.net", "password", webtest.Password)
	found := o.link(t, "moe@simps.net")
	marge, err := o.Users.ByEmail(t.Context(), "marge@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	err = o.DB.Transaction(func(tx *gorm.DB) error {
		if err := o.Recovery.Post.Tell(t.Context(), tx, []string{string(o.HomerID)}, "role-given", notify.Data{"Actor": "Frink", "Org": "Moe's Tavern", "Role": "auditor"}); err != nil {
			return err
		}
		token, err := o.Recovery.Links.Make(tx, iam.Link{Purpose: iam.LinkAddress, User: marge.ID, Email: "marjorie@simps.net"}, iam.RecoveryLife)
		found += " /confirm/" + token.Reveal()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]map[string]string{
		"":      {"recover": "/recover", "way-back": back, "founding": strings.Fields(found)[0], "address": strings.Fields(found)[1], "elsewhere": "/login/oidc", "login-sso": "/login"},
		"homer": {"notices": "/", "me-mail": "/me", "provider": page, "help": "/people/" + string(marge.ID) + "/help?org=" + string(o.Household), "people-mail": "/people?org=" + string(o.Household)},
	}
	for who, all := range pages {
		t.Run("as "+who, func(t *testing.T) {
			tab, base := signedIn(t, o.Simpsons, who)
			complaints := uitest.Complaints(t, tab)
			for name, path := range all {
				look(t, tab, name, base+path)
			}
			for _, c := range complaints() {
				t.Error(c)
			}
		})
	}
}
