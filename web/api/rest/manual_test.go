package rest_test

import "testing"

func TestADeviceIsMadeByHandAndItsKeyChanged(t *testing.T) {
	h := newHouse(t)
	in := "/orgs/" + string(h.Household) + "/devices"
	sketch := map[string]any{"name": "Greenhouse", "kind": "thermometer"}
	made := h.homer.do(t, "POST", in, sketch, "Idempotency-Key", "once").wants(201)
	if again := h.homer.do(t, "POST", in, sketch, "Idempotency-Key", "once").wants(201); again.text("write_key") != made.text("write_key") {
		t.Error("who lost the answer has lost the key")
	}
	at := "/devices/" + made.text("id")
	if d := h.homer.do(t, "GET", at, nil).wants(200); d.text("name") != "Greenhouse" || d.text("door") != "manual" {
		t.Fatalf("%s", d.body)
	}
	next := h.homer.do(t, "POST", at+"/write_key", map[string]any{"overlap": 0}).wants(200)
	if next.text("write_key") == made.text("write_key") || next.text("channel") != made.text("channel") {
		t.Fatalf("%s", next.body)
	}
	h.homer.odd(t, "POST", at+"/write_key", map[string]any{"overlap": 1 << 62}).refuses(422, "form")
	h.homer.odd(t, "POST", at+"/write_key", map[string]any{"overlap": 31 * 24 * 3600}).refuses(422, "device-key-until")
	h.marge.do(t, "POST", in, sketch).refuses(403, "not-allowed")
	h.homer.do(t, "POST", in, map[string]any{"name": " "}).wants(422)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	h.homer.do(t, "POST", "/devices/"+string(d.ID)+"/write_key", map[string]any{}).refuses(409, "device-not-manual")
}

func TestAPlaceSaysHowLongItKeepsReadings(t *testing.T) {
	h := newHouse(t)
	at, above := "/orgs/"+string(h.Household)+"/keeping", "/orgs/"+string(h.Tenant)+"/keeping"
	if k := h.homer.do(t, "GET", at, nil).wants(200); k.text("from") != "nobody" {
		t.Fatalf("%s", k.body)
	}
	h.homer.do(t, "PUT", above, map[string]any{"entries": 365}).wants(200)
	seen := h.homer.do(t, "GET", at, nil).wants(200)
	if seen.text("from") != "above" || seen.text("from_name") != "The Simpsons" {
		t.Fatalf("%s", seen.body)
	}
	if k := h.homer.do(t, "PUT", at, map[string]any{"entries": 90, "sums": 730}, "If-Match", seen.header.Get("ETag")).wants(200); k.text("from") != "own" || k.object()["sums"] != 730. {
		t.Fatalf("%s", k.body)
	}
	h.homer.do(t, "PUT", at, map[string]any{"entries": 1}, "If-Match", seen.header.Get("ETag")).refuses(412, "changed-meanwhile")
	h.homer.do(t, "PUT", at, map[string]any{"entries": 60, "sums": 30}).refuses(422, "form")
	h.homer.do(t, "DELETE", at, nil).wants(204)
	if k := h.homer.do(t, "GET", at, nil).wants(200); k.text("from") != "above" || k.object()["entries"] != 365. {
		t.Fatalf("%s", k.body)
	}
	h.marge.do(t, "GET", at, nil).refuses(403, "not-allowed")
}
