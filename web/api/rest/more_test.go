package rest_test

import (
	"strings"
	"testing"
	"time"

	"halfkey/web/webtest"
)

func TestAnOrganisationsOwnRoleIsMadeChangedAndEnded(t *testing.T) {
	h := newHouse(t)
	place := "/orgs/" + string(h.Tenant) + "/custom_roles"
	made := h.homer.do(t, "POST", place, map[string]any{"name": "Caretaker", "sets": []string{"set:view", "set:operate"}}).wants(201)
	at := "/custom_roles/" + made.text("id")
	h.homer.do(t, "POST", place, map[string]any{"name": "King", "sets": []string{"everything"}}).refuses(422, "form")
	h.homer.do(t, "POST", "/orgs/"+string(h.Plant)+"/roles", map[string]any{"to": "marge@simps.net", "role": made.text("role")}).wants(201)
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant), nil).wants(200)
	changed := h.homer.do(t, "PATCH", at, map[string]any{"sets": []string{"set:view"}}, "If-Match", made.header.Get("ETag")).wants(200)
	if changed.text("name") != "Caretaker" || len(changed.object()["sets"].([]any)) != 1 {
		t.Fatalf("%s", changed.body)
	}
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Guard"}, "If-Match", made.header.Get("ETag")).refuses(412, "changed-meanwhile")
	if p := h.homer.do(t, "DELETE", at+"?dry_run=true", nil).wants(200); len(p.object()["changes"].([]any)) == 0 {
		t.Errorf("nobody loses anything: %s", p.body)
	}
	h.marge.do(t, "DELETE", at, nil).refuses(404, "not-found")
	h.homer.do(t, "DELETE", at, nil).wants(204)
	h.homer.do(t, "GET", at, nil).refuses(404, "not-found")
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant), nil).refuses(404, "not-found")
	if list := h.homer.do(t, "GET", place, nil).wants(200).items(); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

func TestADeviceIsOfferedTakenBackAndHandedOver(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	at := "/devices/" + string(d.ID)
	ned := h.Browser(t)
	ned.Post(t, "/register", "organisation", "The Flanders", "name", "Ned", "email", "ned@flanders.net", "password", "okily dokily neighbour").Wants(t, 303)
	flanders := as(h.House, ned)
	tenant := flanders.do(t, "GET", "/orgs", nil).wants(200).items()[0]
	offer := map[string]any{"to": tenant["slug"]}
	if p := h.homer.do(t, "POST", at+"/transfers?dry_run=true", offer).wants(200); len(p.object()["keys"].([]any)) == 0 {
		t.Errorf("no key ends: %s", p.body)
	}
	for _, act := range []string{"retire", "pause"} {
		var body any
		if act == "retire" {
			body = map[string]any{"serial": "74743827342"}
		}
		h.homer.do(t, "POST", at+"/"+act+"?dry_run=true", body).wants(200)
	}
	if h.homer.do(t, "GET", at, nil).text("state") != "active" {
		t.Error("a rehearsal was a deed")
	}
	h.homer.do(t, "POST", at+"/transfers", map[string]any{"to": "nobody"}).refuses(422, "form")
	first := h.homer.do(t, "POST", at+"/transfers", offer).wants(201)
	h.homer.do(t, "POST", at+"/transfers", offer).refuses(409, "transfer-offered")
	h.homer.do(t, "POST", "/transfers/"+first.text("id")+"/cancel", nil).wants(204)
	second := h.homer.do(t, "POST", at+"/transfers", offer).wants(201)
	flanders.do(t, "POST", "/transfers/"+second.text("id")+"/decline", nil).wants(204)
	third := h.homer.do(t, "POST", at+"/transfers?reason=sold", offer).wants(201)
	if list := flanders.do(t, "GET", "/transfers?direction=received", nil).wants(200).items(); len(list) != 1 || list[0]["reason"] != "sold" {
		t.Fatalf("%v", list)
	}
	h.marge.do(t, "POST", "/transfers/"+third.text("id")+"/cancel", nil).refuses(404, "transfer-unknown")
	bought := flanders.do(t, "POST", "/transfers/"+third.text("id")+"/accept", map[string]any{"into": tenant["id"]}).wants(201)
	if flanders.do(t, "GET", "/devices/"+bought.text("id"), nil).wants(200).text("serial") != "74743827342" {
		t.Error("another device")
	}
}

func TestAReviewAsksDecidesAndCloses(t *testing.T) {
	h := newHouse(t)
	place := "/orgs/" + string(h.Tenant) + "/reviews"
	h.homer.do(t, "POST", place, map[string]any{"kind": "campaign", "name": "Autumn", "due": "2001-01-01T00:00:00Z"}).refuses(422, "form")
	made := h.homer.do(t, "POST", place, map[string]any{"kind": "own"}).wants(201)
	at := "/reviews/" + made.text("id")
	items := h.homer.do(t, "GET", at+"/items", nil).wants(200).items()
	if len(items) != 1 || items[0]["name"] != "Marge" {
		t.Fatalf("%v", items)
	}
	one := at + "/items/" + items[0]["id"].(string)
	h.homer.odd(t, "POST", one, map[string]any{"decision": "perhaps"}).refuses(422, "review-decision")
	h.homer.do(t, "POST", one, map[string]any{"decision": "end", "reason": "moved out"}).wants(204)
	h.marge.do(t, "GET", at, nil).refuses(404, "review-unknown")
	h.homer.do(t, "POST", at+"/close", nil).wants(204)
	h.homer.do(t, "POST", at+"/close", nil).refuses(409, "review-closed")
	if r := h.homer.do(t, "GET", at, nil).wants(200).object(); r["decided"] != 1.0 || r["closed_at"] == nil {
		t.Errorf("%v", r)
	}
	if list := h.homer.do(t, "GET", place, nil).wants(200).items(); len(list) != 1 {
		t.Errorf("%v", list)
	}
}

func TestThePastSaysWhoCouldSeeWhat(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	people := h.homer.do(t, "GET", "/orgs/"+string(h.Household)+"/people", nil).items()
	h.Clock.Turn(time.Minute)
	before := in(h, 0)
	h.Clock.Turn(5 * time.Minute)
	h.homer.do(t, "DELETE", "/roles/"+people[0]["roles"].([]any)[0].(map[string]any)["id"].(string), nil).wants(204)
	h.Clock.Turn(time.Minute)
	place := "/orgs/" + string(h.Tenant)
	marge := func(at string) bool {
		a := h.homer.do(t, "GET", place+"/access"+query("what", d.Channel, "at", at), nil).wants(200)
		return strings.Contains(string(a.body), `"name":"Marge"`)
	}
	if !marge(before) || marge(in(h, 0)) {
		t.Error("she could then and cannot now")
	}
	reach := h.homer.do(t, "GET", place+"/reach"+query("who", "marge@simps.net", "at", before), nil).wants(200)
	if devices := reach.object()["devices"].([]any); len(devices) != 1 || devices[0].(map[string]any)["serial"] != "74743827342" {
		t.Errorf("%s", reach.body)
	}
	if r := h.homer.do(t, "GET", place+"/reach"+query("who", "otto@simps.net"), nil).wants(200); len(r.object()["held"].([]any)) != 0 {
		t.Errorf("%s", r.body)
	}
	h.homer.do(t, "GET", place+"/access"+query("what", "1", "at", before), nil).refuses(404, "device-not-then")
	h.homer.do(t, "GET", place+"/access"+query("what", "1", "at", in(h, time.Hour)), nil).refuses(400, "malformed")
	h.marge.do(t, "GET", place+"/access"+query("what", d.Channel), nil).refuses(404, "not-found")
}

func TestTheTrailIsTakenAwaySigned(t *testing.T) {
	h := newHouse(t)
	place := "/orgs/" + string(h.Tenant) + "/audit/exports"
	made := h.homer.do(t, "POST", place+"?door=portal", map[string]any{"format": "csv"}).wants(201)
	at := "/audit/exports/" + made.text("id")
	if e := h.homer.do(t, "GET", at, nil).wants(200); e.text("state") != "ready" {
		t.Fatalf("%s", e.body)
	}
	file := h.homer.do(t, "GET", at+"/file", nil).wants(200)
	if strings.Count(string(file.body), "\n") < 3 || !strings.Contains(file.header.Get("Content-Disposition"), made.text("file")) {
		t.Errorf("%s", file.body)
	}
	if s := h.homer.do(t, "GET", at+"/signature", nil).wants(200); strings.Count(string(s.body), ".") != 2 {
		t.Errorf("%s", s.body)
	}
	if k := h.homer.do(t, "GET", "/audit/export_key", nil).wants(200); k.text("kty") != "EC" {
		t.Errorf("%s", k.body)
	}
	if list := h.homer.do(t, "GET", place, nil).wants(200).items(); len(list) != 1 {
		t.Errorf("%v", list)
	}
	h.marge.do(t, "GET", at+"/file", nil).refuses(404, "export-unknown")
	h.marge.do(t, "POST", place, map[string]any{}).refuses(404, "not-found")
	h.homer.do(t, "POST", "/orgs/"+string(h.Tenant)+"/roles", map[string]any{"to": "marge@simps.net", "role": "auditor", "reach": "self"}).wants(201)
	h.marge.do(t, "GET", at+"/file", nil).refuses(404, "export-unknown") // it tells of all that lies below
	hers := h.marge.do(t, "POST", place, map[string]any{"format": "csv"}).wants(201).text("id")
	h.marge.do(t, "GET", "/audit/exports/"+hers+"/file", nil).wants(200)
}

func TestWhoRunsThePlatformChangesThePolicy(t *testing.T) {
	h := newHouse(t)
	b := h.Browser(t)
	b.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	frink := as(h.House, b)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	rule := map[string]any{"role": "member", "object": "readkey", "act": "reveal", "effect": "deny"}
	frink.do(t, "POST", "/rules", rule).wants(201)
	h.marge.do(t, "POST", "/devices/"+string(d.ID)+"/read_key", nil).refuses(403, "not-allowed")
	if list := frink.do(t, "GET", "/rules?limit=200", nil).wants(200).items(); list[len(list)-1]["added"] != true {
		t.Errorf("%v", list[len(list)-1])
	}
	frink.do(t, "POST", "/rules", map[string]any{"role": "king", "object": "*", "act": "*", "effect": "allow"}).refuses(422, "rule-unknown")
	frink.do(t, "POST", "/rules", map[string]any{"role": "owner", "object": "*", "act": "*", "effect": "deny"}).refuses(409, "rule-locks-out")
	frink.do(t, "DELETE", "/rules"+query("role", "member", "object", "readkey", "act", "reveal"), nil).wants(204)
	h.marge.do(t, "POST", "/devices/"+string(d.ID)+"/read_key", nil).wants(200)
	if status := h.homer.do(t, "GET", "/rules", nil).status; status != 403 && status != 404 {
		t.Errorf("Homer reads the policy: %d", status)
	}
}
