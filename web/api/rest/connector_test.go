package rest_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"halfkey/web/thingspeak"
)

// outside is a service that the household can be connected to: the plant's own
// store, by the door that any client of ThingSpeak knows.
func (h *house) outside(t *testing.T) (address, account string) {
	t.Helper()
	s := httptest.NewServer(thingspeak.New(thingspeak.Config{Store: h.Channels}))
	t.Cleanup(s.Close)
	return s.URL, h.homer.do(t, "POST", "/orgs/"+string(h.Plant)+"/account_keys", nil).wants(201).text("key")
}

func TestAServiceIsConnectedMendedAndLeft(t *testing.T) {
	h := newHouse(t)
	address, account := h.outside(t)
	in := "/orgs/" + string(h.Household) + "/connectors"
	kinds := h.homer.do(t, "GET", "/connector_kinds", nil).wants(200)
	if !strings.Contains(string(kinds.body), `"thingspeak"`) || !strings.Contains(string(kinds.body), `"secret"`) {
		t.Fatalf("%s", kinds.body)
	}
	wish := func(secret string) map[string]any {
		return map[string]any{"service": "thingspeak", "name": "Hosted", "settings": map[string]any{"base_url": address, "channels": "4"}, "secret": secret}
	}
	h.homer.do(t, "POST", in+"/test", wish("AAAABBBBCCCCDDDD")).refuses(422, "connector-key-refused")
	if r := h.homer.do(t, "POST", in+"/test", wish(account)).wants(200).object(); r["channels"] != 0. || r["channels_left"] != 4. {
		t.Errorf("%v", r)
	}
	misplaced := wish(account)
	misplaced["settings"] = map[string]any{"account_key": account}
	h.homer.do(t, "POST", in, misplaced).refuses(400, "body-malformed")
	h.marge.do(t, "POST", in, wish(account)).refuses(403, "not-allowed")
	made := h.homer.do(t, "POST", in, wish(account), "Idempotency-Key", "once").wants(201)
	if again := h.homer.do(t, "POST", in, wish(account), "Idempotency-Key", "once").wants(201); again.text("id") != made.text("id") {
		t.Error("made twice")
	}
	at := "/connectors/" + made.text("id")
	list := h.homer.do(t, "GET", in, nil).wants(200)
	if all := list.items(); len(all) != 2 || all[0]["id"] != made.text("id") || all[1]["inherited"] != true || strings.Contains(string(list.body), account) {
		t.Fatalf("%s", list.body)
	}
	found := h.homer.do(t, "GET", at, nil).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"name": "ThingSpeak"}, "If-Match", found.header.Get("ETag")).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"settings": map[string]any{"channels": "5"}}, "If-Match", found.header.Get("ETag")).refuses(412, "changed-meanwhile")
	h.homer.do(t, "PATCH", at, map[string]any{"secret": "AAAABBBBCCCCDDDD"}).refuses(422, "connector-key-refused")
	if left := h.homer.do(t, "POST", at+"/check", nil).wants(200).object()["channels_left"]; left != 4. {
		t.Errorf("%v", left)
	}

	device := h.homer.do(t, "POST", "/orgs/"+string(h.Household)+"/devices", map[string]any{"name": "Greenhouse", "kind": "thermometer"}).wants(201)
	if device.object()["write_key"] != nil {
		t.Fatalf("a key of a channel that is not there yet: %s", device.body)
	}
	keyAt := "/devices/" + device.text("id") + "/write_key"
	key := h.homer.do(t, "POST", keyAt, map[string]any{})
	for range 200 {
		if key.status == 200 {
			break
		}
		key.refuses(409, "device-key-not-ready")
		time.Sleep(25 * time.Millisecond)
		key = h.homer.do(t, "POST", keyAt, map[string]any{})
	}
	if key.wants(200).text("update_url") != address+"/update" || len(key.text("write_key")) != 16 {
		t.Fatalf("%s", key.body)
	}
	h.homer.do(t, "POST", keyAt, map[string]any{"overlap": 0}).refuses(409, "device-key-fixed")
	channel := h.homer.do(t, "GET", at+"/channels", nil).wants(200).items()[0]
	if channel["state"] != "ready" || channel["name"] != "Greenhouse" || channel["external"] != key.text("channel") {
		t.Fatalf("%v", channel)
	}
	if drift := h.homer.do(t, "GET", at+"/drift", nil).wants(200).items(); len(drift) != 0 {
		t.Fatalf("%v", drift)
	}
	if err := h.DB.Exec("UPDATE channels SET name = 'Somebody was here' WHERE id = ?", key.text("channel")).Error; err != nil {
		t.Fatal(err)
	}
	drift := h.homer.do(t, "GET", at+"/drift", nil).wants(200).items()
	if len(drift) != 1 || drift[0]["kind"] != "settings" || drift[0]["channel"] != channel["id"] {
		t.Fatalf("%v", drift)
	}
	if done := h.homer.do(t, "POST", at+"/drift", map[string]any{"differences": drift}).wants(200).items(); len(done) != 1 {
		t.Fatalf("%v", done)
	}
	if drift = h.homer.do(t, "GET", at+"/drift", nil).wants(200).items(); len(drift) != 0 {
		t.Fatalf("%v", drift)
	}
	if calls := h.homer.do(t, "GET", at+"/calls", nil).wants(200); len(calls.items()) == 0 || strings.Contains(string(calls.body), account) {
		t.Errorf("%s", calls.body)
	}
	if n := h.homer.do(t, "POST", at+"/again", nil).wants(200).object()["count"]; n != 0. {
		t.Errorf("%v wait", n)
	}
	h.homer.do(t, "DELETE", at, nil).refuses(409, "connector-in-use")
	if d := h.homer.do(t, "POST", "/devices/"+device.text("id")+"/channel", nil).wants(200); d.text("state") != "provisioning" || d.text("channel") == channel["id"] {
		t.Errorf("%s", d.body)
	}
	if h.homer.do(t, "POST", at+"/pause", nil).wants(200).text("state") != "paused" || h.homer.do(t, "POST", at+"/resume", nil).wants(200).text("state") != "active" {
		t.Error("not paused and resumed")
	}
	h.marge.do(t, "POST", at+"/pause", nil).refuses(403, "not-allowed")
}

func TestAConnectorThatNothingUsesGoes(t *testing.T) {
	h := newHouse(t)
	silent := map[string]any{"service": "thingspeak", "name": "Silent", "settings": map[string]any{"base_url": "http://127.0.0.1:1"}, "secret": "AAAABBBBCCCCDDDD"}
	in := "/orgs/" + string(h.Household) + "/connectors"
	h.homer.do(t, "POST", in, silent).refuses(503, "connector-silent")
	silent["anyway"] = true
	at := "/connectors/" + h.homer.do(t, "POST", in, silent).wants(201).text("id")
	h.homer.do(t, "DELETE", at, nil).wants(204)
	h.homer.do(t, "GET", at, nil).refuses(404, "connector-unknown")
	own := h.homer.do(t, "GET", in, nil).wants(200).items()[0]["id"].(string)
	h.homer.do(t, "POST", "/connectors/"+own+"/check", nil).refuses(409, "connector-own")
}
