package rest_test

import (
	"strings"
	"testing"
	"time"

	"halfkey/orgs"
)

func TestWhoAsksIsTold(t *testing.T) {
	h := newHouse(t)
	me := h.homer.do(t, "GET", "/me", nil).wants(200)
	if me.text("email") != "homer@simps.net" || me.text("kind") != "user" || len(me.object()["roles"].([]any)) != 2 {
		t.Fatalf("%s", me.body)
	}
	a := h.nobody().do(t, "GET", "/me", nil).refuses(401, "sign-in")
	if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
		t.Error("nobody hears how to come in")
	}
}

func TestAPlaceIsMadeFoundAndRenamed(t *testing.T) {
	h := newHouse(t)
	made := h.homer.do(t, "POST", "/orgs", map[string]any{"parent": h.Household, "name": "Garage", "kind": "plain"}).wants(201)
	at := strings.TrimPrefix(made.header.Get("Location"), "/api/v1")
	found := h.homer.do(t, "GET", at, nil).wants(200)
	if found.header.Get("ETag") != made.header.Get("ETag") || found.text("name") != "Garage" {
		t.Fatalf("%s and %s", found.body, made.body)
	}
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Workshop"}, "If-Match", found.header.Get("ETag")).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Shed"}, "If-Match", found.header.Get("ETag")).refuses(412, "changed-meanwhile")
	h.homer.do(t, "PATCH", at, map[string]any{"name": "\u202e"}).refuses(422, "form")
	if list := h.homer.do(t, "GET", "/orgs", nil).wants(200).items(); len(list) != 4 || list[1]["name"] != "Household" || list[2]["name"] != "Workshop" {
		t.Fatalf("%v", list)
	}
	h.marge.do(t, "GET", "/orgs/"+string(h.Plant), nil).refuses(404, "not-found")
	h.marge.do(t, "PATCH", "/orgs/"+string(h.Household), map[string]any{"name": "Mine"}).refuses(403, "not-allowed")
}

func TestPeopleAreInvitedAndLeave(t *testing.T) {
	h := newHouse(t)
	in := "/orgs/" + string(h.Household)
	made := h.homer.do(t, "POST", in+"/invitations", map[string]any{"email": "bart@simps.net", "role": "member"}).wants(201)
	if !strings.Contains(made.text("link"), "/i/") {
		t.Fatalf("no link: %s", made.body)
	}
	list := h.homer.do(t, "GET", in+"/invitations", nil).wants(200)
	if len(list.items()) != 1 || strings.Contains(string(list.body), "link") {
		t.Fatalf("a list tells links: %s", list.body)
	}
	h.homer.do(t, "DELETE", "/invitations/"+made.text("id"), nil).wants(204)
	people := h.homer.do(t, "GET", in+"/people", nil).wants(200).items()
	if len(people) != 1 || people[0]["email"] != "marge@simps.net" {
		t.Fatalf("%v", people)
	}
	role := people[0]["roles"].([]any)[0].(map[string]any)["id"].(string)
	if roles := h.homer.do(t, "GET", "/people/"+people[0]["id"].(string)+"/roles", nil).wants(200).items(); len(roles) != 1 || roles[0]["id"] != role {
		t.Fatalf("%v", roles)
	}
	h.marge.do(t, "GET", in+"/people", nil).refuses(403, "not-allowed")
	h.homer.do(t, "DELETE", "/roles/"+role+query("reason", "moved out"), nil).wants(204)
	h.marge.do(t, "GET", in, nil).refuses(404, "not-found")
}

func TestARegistrationKeysWholeLife(t *testing.T) {
	h := newHouse(t)
	in := "/orgs/" + string(h.Household)
	made := h.homer.do(t, "POST", in+"/keys", map[string]any{"label": "At home", "boarding": "serials", "max_uses": 5}).wants(201)
	at := "/keys/" + made.text("id")
	h.homer.do(t, "POST", at+"/serials", map[string]any{"serials": []string{"74743827342", "74743827343"}}).wants(204)
	h.homer.do(t, "POST", at+"/serials", map[string]any{"serials": []string{"74743827342", "no serial"}}).refuses(422, "form")
	if s := h.homer.do(t, "GET", at+"/serials", nil).wants(200).items(); len(s) != 2 || s[0]["serial"] != "74743827342" {
		t.Fatalf("%v", s)
	}
	halves := h.homer.do(t, "POST", at+"/reveal", nil).wants(200)
	if !strings.HasPrefix(halves.text("whole"), halves.text("first")) || !strings.HasPrefix(halves.text("first"), made.text("hint")) {
		t.Fatal("the halves do not fit the key")
	}
	next := h.homer.do(t, "POST", at+"/replace", nil).wants(201)
	if next.text("replaces") != made.text("id") {
		t.Fatalf("%s", next.body)
	}
	until := h.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	if k := h.homer.do(t, "PATCH", at, map[string]any{"retires_at": until}).wants(200); k.text("retires_at") != until || k.text("state") != string(orgs.KeyRetiring) {
		t.Fatalf("%s", k.body)
	}
	h.homer.do(t, "PATCH", at, map[string]any{"retires_at": "2001-01-01T00:00:00Z"}).refuses(422, "form")
	h.homer.do(t, "PATCH", at, map[string]any{"retires_at": until}, "If-Match", made.header.Get("ETag")).refuses(412, "changed-meanwhile")
	h.homer.do(t, "POST", at+"/revoke", nil).wants(200)
	h.homer.do(t, "POST", at+"/revoke", nil).refuses(409, "key-ended")
	if list := h.homer.do(t, "GET", in+"/keys", nil).wants(200); strings.Contains(string(list.body), halves.text("whole")) || len(list.items()) != 2 {
		t.Fatalf("%s", list.body)
	}
	h.marge.do(t, "GET", at, nil).refuses(404, "not-found")
}

func TestADevicesWholeLife(t *testing.T) {
	h := newHouse(t)
	d, writeKey := h.Board(t, h.Household, "74743827342", "Living room")
	at := "/devices/" + string(d.ID)
	before := h.homer.do(t, "GET", at, nil).wants(200)
	h.Measure(t, writeKey, 3, time.Second, 21)
	after := h.homer.do(t, "GET", at, nil).wants(200)
	if before.header.Get("ETag") != after.header.Get("ETag") {
		t.Error("a reading is no other version of the device")
	}
	if after.object()["reading"] == nil || before.object()["reading"] != nil {
		t.Fatalf("%s", after.body)
	}
	h.homer.do(t, "GET", at, nil, "If-None-Match", after.header.Get("ETag")).wants(304)
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Lounge"}, "If-Match", after.header.Get("ETag")).wants(200)
	h.homer.do(t, "POST", at+"/pause", nil, "If-Match", after.header.Get("ETag")).refuses(412, "changed-meanwhile")
	if h.homer.do(t, "POST", at+"/pause", nil).wants(200).text("state") != "suspended" || h.homer.do(t, "POST", at+"/resume", nil).wants(200).text("state") != "active" {
		t.Error("not paused and resumed")
	}
	key := h.homer.do(t, "POST", at+"/read_key", nil).wants(200)
	if key.text("channel") != d.Channel || len(key.text("read_key")) != 16 {
		t.Fatalf("%s", key.body)
	}
	if h.homer.do(t, "POST", at+"/move", map[string]any{"to": h.Plant}).wants(200).text("org") != string(h.Plant) {
		t.Error("not moved")
	}
	h.marge.do(t, "GET", at, nil).refuses(404, "device-unknown")
	h.homer.do(t, "POST", at+"/retire", map[string]any{"serial": "1"}).refuses(422, "device-typed")
	h.homer.do(t, "POST", at+"/retire", map[string]any{"serial": "74743827342"}).wants(200)
	h.homer.do(t, "POST", at+"/pause", nil).refuses(409, "device-retired")
	if lines := h.homer.do(t, "GET", at+"/history"+query("limit", "2"), nil).wants(200); len(lines.items()) != 2 || lines.items()[0]["verb"] != "device.retire" || lines.next() == "" {
		t.Fatalf("%s", lines.body)
	}
}

func TestReadingsAreReadByWhoSeesTheDevice(t *testing.T) {
	h := newHouse(t)
	d, writeKey := h.Board(t, h.Household, "74743827342", "Living room")
	h.Measure(t, writeKey, 20, time.Minute, 21)
	at := "/channels/" + d.Channel
	if c := h.marge.do(t, "GET", at, nil).wants(200); c.text("device") != string(d.ID) || len(c.object()["fields"].([]any)) == 0 {
		t.Fatalf("%s", c.body)
	}
	if rows := h.marge.do(t, "GET", at+"/feed"+query("limit", "5"), nil).wants(200).items(); len(rows) != 5 || rows[0]["field1"] == nil {
		t.Fatalf("%v", rows)
	}
	if points := h.marge.do(t, "GET", at+"/series"+query("points", "10"), nil).wants(200).items(); len(points) == 0 || len(points) > 10 {
		t.Fatalf("%v", points)
	}
	if list := h.marge.do(t, "GET", "/channels", nil).wants(200).items(); len(list) != 1 {
		t.Fatalf("%v", list)
	}
	other, _ := h.Board(t, h.Plant, "74743827344", "Sector 7-G")
	h.marge.do(t, "GET", "/channels/"+other.Channel, nil).refuses(404, "channel-unknown")
	h.marge.do(t, "GET", "/channels/"+other.Channel+"/feed", nil).refuses(404, "channel-unknown")
	h.marge.odd(t, "GET", at+"/feed"+query("from", "yesterday"), nil).refuses(400, "malformed")
	h.marge.do(t, "GET", at+"/feed"+query("from", "2026-01-02T00:00:00Z", "to", "2026-01-01T00:00:00Z"), nil).refuses(400, "malformed")
}

func TestAccountKeysAreToldOnce(t *testing.T) {
	h := newHouse(t)
	in := "/orgs/" + string(h.Household) + "/account_keys"
	made := h.homer.do(t, "POST", in, nil).wants(201)
	if len(made.text("key")) != 16 {
		t.Fatalf("%s", made.body)
	}
	list := h.homer.do(t, "GET", in, nil).wants(200)
	if len(list.items()) != 1 || strings.Contains(string(list.body), made.text("key")) {
		t.Fatalf("%s", list.body)
	}
	h.homer.do(t, "DELETE", in+"/"+made.text("id"), nil).wants(204)
	h.homer.do(t, "DELETE", in+"/"+made.text("id"), nil).refuses(404, "not-found")
	h.marge.do(t, "GET", in, nil).refuses(403, "not-allowed")
}

func TestTheTrailIsReadInPages(t *testing.T) {
	h := newHouse(t)
	h.homer.do(t, "PATCH", "/orgs/"+string(h.Household), map[string]any{"name": "Evergreen Terrace"}).wants(200)
	in := "/orgs/" + string(h.Tenant) + "/audit"
	renamed := h.homer.do(t, "GET", in+query("verb", "org.rename"), nil).wants(200).items()
	if len(renamed) != 1 || renamed[0]["door"] != "api" || renamed[0]["actor_name"] != "Homer" {
		t.Fatalf("%v", renamed)
	}
	seen, at := 0, in+query("limit", "2")
	for at != "" {
		p := h.homer.do(t, "GET", at, nil).wants(200)
		seen, at = seen+len(p.items()), p.next()
	}
	if all := h.homer.do(t, "GET", in+query("limit", "200"), nil).wants(200).items(); seen != len(all) || seen < 5 {
		t.Fatalf("%d in pages, %d at once", seen, len(all))
	}
	h.marge.do(t, "GET", "/orgs/"+string(h.Household)+"/audit", nil).refuses(403, "not-allowed")
}
