package rest_test

import (
	"net/http"
	"testing"
	"time"
)

// bearer is a program with a token and no cookie.
func (h *house) bearer(token string) *caller {
	return &caller{http: &http.Client{Transport: withToken(token)}, base: h.URL}
}

type withToken string

func (w withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(w))
	return http.DefaultTransport.RoundTrip(r)
}

func in(h *house, d time.Duration) string { return h.Now().Add(d).UTC().Format(time.RFC3339) }

func TestAProgramShowsATokenAndDoesNoMoreThanItsPerson(t *testing.T) {
	h := newHouse(t)
	made := h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "Backup", "not_after": in(h, time.Hour), "role": "viewer"}).wants(201)
	program := h.bearer(made.text("token"))
	program.do(t, "GET", "/orgs/"+string(h.Household), nil).wants(200)
	program.do(t, "PATCH", "/orgs/"+string(h.Household), map[string]any{"name": "Mine"}).refuses(403, "not-allowed")
	program.do(t, "POST", "/me/tokens", map[string]any{"label": "More", "not_after": in(h, time.Hour)}).refuses(403, "token-by-token")
	for _, s := range h.homer.do(t, "GET", "/me/sessions", nil).wants(200).items() {
		program.do(t, "DELETE", "/me/sessions/"+s["id"].(string), nil).refuses(403, "self-by-token")
	}
	if list := h.homer.do(t, "GET", "/me/tokens", nil).wants(200).items(); len(list) != 1 || list[0]["token"] != nil || list[0]["works"] != true {
		t.Fatalf("%v", list)
	}
	h.homer.do(t, "DELETE", "/me/tokens/"+made.text("id"), nil).wants(204)
	program.do(t, "GET", "/me", nil).refuses(401, "token-refused")
}

func TestAServiceAccountsWholeLife(t *testing.T) {
	h := newHouse(t)
	made := h.homer.do(t, "POST", "/orgs/"+string(h.Household)+"/services", map[string]any{"name": "Billing"}).wants(201)
	at := "/services/" + made.text("id")
	role := h.homer.do(t, "POST", at+"/roles", map[string]any{"role": "viewer"}).wants(201)
	token := h.homer.do(t, "POST", at+"/tokens", map[string]any{"label": "First", "not_after": in(h, time.Hour)}).wants(201)
	program := h.bearer(token.text("token"))
	if me := program.do(t, "GET", "/me", nil).wants(200); me.text("kind") != "service" || me.text("name") != "Billing" {
		t.Fatalf("%s", me.body)
	}
	program.do(t, "GET", "/orgs/"+string(h.Household), nil).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Invoices"}, "If-Match", made.header.Get("ETag")).refuses(412, "changed-meanwhile")
	now := h.homer.do(t, "GET", at, nil).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Invoices"}, "If-Match", now.header.Get("ETag")).wants(200)
	h.homer.do(t, "DELETE", at+"/roles/"+role.text("id"), nil).wants(204)
	program.do(t, "GET", "/orgs/"+string(h.Household), nil).refuses(404, "not-found")
	if list := h.homer.do(t, "GET", at+"/tokens", nil).wants(200).items(); len(list) != 1 {
		t.Fatalf("%v", list)
	}
	h.homer.do(t, "DELETE", at+"/tokens/"+token.text("id"), nil).wants(204)
	h.homer.do(t, "DELETE", at, nil).wants(204)
	h.homer.do(t, "GET", at, nil).refuses(404, "service-unknown")
}

func TestRolesAreGivenProlongedAndRehearsed(t *testing.T) {
	h := newHouse(t)
	h.Board(t, h.Plant, "74743827344", "Sector 7-G")
	body := map[string]any{"to": "marge@simps.net", "role": "viewer", "until": in(h, time.Hour), "reason": "a visit"}
	p := h.homer.do(t, "POST", "/orgs/"+string(h.Plant)+"/roles?dry_run=true", body).wants(200)
	changes := p.object()["changes"].([]any)
	if len(changes) != 1 || changes[0].(map[string]any)["effect"] != "gains" {
		t.Fatalf("%s", p.body)
	}
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant), nil).refuses(404, "not-found")
	made := h.homer.do(t, "POST", "/orgs/"+string(h.Plant)+"/roles", body).wants(201)
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant), nil).wants(200)
	h.homer.do(t, "PATCH", "/roles/"+made.text("id"), map[string]any{"until": in(h, 2*time.Hour)}).wants(204)
	if p := h.homer.do(t, "DELETE", "/roles/"+made.text("id")+"?dry_run=true", nil).wants(200); len(p.object()["changes"].([]any)) != 1 {
		t.Fatalf("%s", p.body)
	}
	h.homer.do(t, "DELETE", "/roles/"+made.text("id"), nil).wants(204)
	h.homer.do(t, "POST", "/orgs/"+string(h.Plant)+"/roles", map[string]any{"to": "nobody@simps.net", "role": "chief"}).refuses(422, "form")
}

func TestAPlaceMovesClosesAndOpensAgain(t *testing.T) {
	h := newHouse(t)
	made := h.homer.do(t, "POST", "/orgs", map[string]any{"parent": h.Household, "name": "Garage", "kind": "plain"}).wants(201)
	at := "/orgs/" + made.text("id")
	if h.homer.do(t, "POST", at+"/move", map[string]any{"parent": h.Plant}, "If-Match", made.header.Get("ETag")).wants(200).text("parent") != string(h.Plant) {
		t.Error("not moved")
	}
	h.homer.do(t, "PATCH", at, map[string]any{"member_role": "viewer", "rotate_read_keys": "always"}).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"min_credential": "passkey"}).refuses(422, "form")
	h.homer.do(t, "POST", at+"/close", nil).wants(204)
	h.homer.do(t, "GET", at, nil).refuses(404, "not-found")
	h.homer.do(t, "POST", at+"/resume", nil).wants(200)
	h.homer.do(t, "POST", at+"/dates", map[string]any{"until": in(h, time.Hour)}).wants(200)
	h.homer.do(t, "POST", "/orgs/"+string(h.Tenant)+"/leave", nil).refuses(409, "last-owner")
	h.marge.do(t, "POST", "/orgs/"+string(h.Household)+"/leave", nil).wants(204)
}

func TestSharesAndDeputies(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Plant, "74743827344", "Sector 7-G")
	made := h.homer.do(t, "POST", "/devices/"+string(d.ID)+"/shares", map[string]any{"to": "marge@simps.net", "role": "viewer"}).wants(201)
	if list := h.marge.do(t, "GET", "/shares?direction=received", nil).wants(200).items(); len(list) != 1 || list[0]["device"] != string(d.ID) {
		t.Fatalf("%v", list)
	}
	h.homer.do(t, "DELETE", "/shares/"+made.text("id"), nil).wants(204)
	if s := h.homer.do(t, "POST", "/orgs/"+string(h.Household)+"/shares", map[string]any{"to": "ned@flanders.net", "role": "viewer"}).wants(201); s.text("link") == "" {
		t.Fatalf("%s", s.body)
	}
	me := map[string]any{}
	for _, r := range h.homer.do(t, "GET", "/me", nil).object()["roles"].([]any) {
		if me = r.(map[string]any); me["role"] == "owner" {
			break
		}
	}
	deputy := map[string]any{"to": "marge@simps.net", "role": "manager", "until": in(h, time.Hour)}
	lent := h.homer.do(t, "POST", "/roles/"+me["id"].(string)+"/deputies", deputy).wants(201)
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant)+"/people", nil).wants(200)
	h.homer.do(t, "DELETE", "/roles/"+lent.text("id"), nil).wants(204)
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant), nil).refuses(404, "not-found")
	deputy["to"] = "ned@flanders.net"
	if asked := h.homer.do(t, "POST", "/roles/"+me["id"].(string)+"/deputies", deputy).wants(201); asked.text("link") == "" || asked.text("invitation") == "" {
		t.Fatalf("%s", asked.body)
	}
}

func TestWhySomebodyMayOrMayNot(t *testing.T) {
	h := newHouse(t)
	yes := h.homer.do(t, "GET", "/explain"+query("who", "marge@simps.net", "action", "device:read", "org", string(h.Household)), nil).wants(200)
	if yes.object()["allowed"] != true || yes.object()["decides"].(map[string]any)["role"] != "member" || yes.text("rule") == "" {
		t.Fatalf("%s", yes.body)
	}
	no := h.homer.do(t, "GET", "/explain"+query("who", "marge@simps.net", "action", "device:move", "org", string(h.Plant)), nil).wants(200)
	if no.object()["allowed"] != false || no.text("cause") != "no-role" || len(no.object()["needs"].([]any)) == 0 {
		t.Fatalf("%s", no.body)
	}
	h.marge.do(t, "GET", "/explain"+query("who", "homer@simps.net", "action", "device:read", "org", string(h.Plant)), nil).refuses(404, "not-found")
	h.homer.do(t, "GET", "/explain"+query("action", "device:fly", "org", string(h.Plant)), nil).refuses(400, "malformed")
}
