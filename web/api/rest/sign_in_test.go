package rest_test

import (
	"strings"
	"testing"

	"halfkey/iam/oidc/oidctest"
)

func TestAnOrganisationSaysWhoSignsItsPeopleIn(t *testing.T) {
	h := newHouse(t)
	provider := oidctest.Serve(t)
	at := "/orgs/" + string(h.Tenant) + "/sign_in"
	h.homer.do(t, "GET", at, nil).refuses(404, "oidc-none")
	wish := map[string]any{"issuer": provider.URL, "client_id": oidctest.Client, "secret": oidctest.Secret, "domains": []string{"simps.net"}, "role": "viewer"}
	set := h.homer.do(t, "PUT", at, wish).wants(200)
	if strings.Contains(string(set.body), oidctest.Secret) || !strings.HasSuffix(set.text("return_to"), "/login/oidc/"+string(h.Tenant)) {
		t.Fatalf("%s", set.body)
	}
	delete(wish, "secret") // it stays
	wish["role"] = "member"
	h.homer.do(t, "PUT", at, wish, "If-Match", set.header.Get("ETag")).wants(200)
	h.homer.do(t, "PUT", at, wish, "If-Match", set.header.Get("ETag")).refuses(412, "changed-meanwhile")
	wish["issuer"] = oidctest.Serve(t).URL
	h.homer.do(t, "PUT", at, wish).refuses(422, "form") // and never goes to another
	h.marge.do(t, "GET", at, nil).refuses(404, "not-found")
	h.homer.do(t, "DELETE", at, nil).wants(204)
	h.homer.do(t, "GET", at, nil).refuses(404, "oidc-none")
}
