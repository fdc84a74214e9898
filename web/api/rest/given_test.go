package rest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWhatADeviceGivesAwayIsTakenBack(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	at := "/devices/" + string(d.ID)

	mine := h.marge.do(t, "POST", at+"/read_keys", map[string]any{"label": "Grafana"}, "Idempotency-Key", "once").wants(201)
	if again := h.marge.do(t, "POST", at+"/read_keys", map[string]any{"label": "Grafana"}, "Idempotency-Key", "once").wants(201); again.text("read_key") != mine.text("read_key") {
		t.Error("made twice")
	}
	other := h.homer.do(t, "POST", at+"/read_keys", map[string]any{"label": "Backup"}).wants(201)
	if list := h.marge.do(t, "GET", at+"/read_keys", nil).wants(200); len(list.items()) != 1 || strings.Contains(string(list.body), mine.text("read_key")) {
		t.Errorf("%s", list.body)
	}
	if list := h.homer.do(t, "GET", at+"/read_keys", nil).wants(200).items(); len(list) != 2 || list[0]["label"] != "Grafana" || list[0]["named"] != true {
		t.Errorf("%v", list)
	}
	h.marge.do(t, "DELETE", at+"/read_keys/"+other.text("id"), nil).refuses(403, "not-allowed")
	reads := h.marge.do(t, "POST", "/me/tokens", map[string]any{"label": "reads", "not_after": in(h, time.Hour), "role": "viewer"}).wants(201).text("token")
	h.bearer(reads).do(t, "DELETE", at+"/read_keys/"+mine.text("id"), nil).refuses(403, "not-allowed") // it only reads
	h.homer.do(t, "DELETE", at+"/read_keys/"+mine.text("id"), nil).wants(204)
	h.homer.do(t, "POST", at+"/read_keys", map[string]any{"label": " "}).wants(422)

	link := h.marge.do(t, "POST", at+"/embeds", map[string]any{"label": "Blog", "range": "7d"}).wants(201)
	if page := get(t, link.text("link")); !strings.Contains(page, "Living room") {
		t.Errorf("the link shows %s", page)
	}
	if list := h.homer.do(t, "GET", at+"/embeds", nil).wants(200); len(list.items()) != 1 || strings.Contains(string(list.body), "/embed/") || list.items()[0]["range"] != "7d" {
		t.Errorf("%s", list.body)
	}
	h.marge.odd(t, "POST", at+"/embeds", map[string]any{"label": "Blog", "range": "a year"}).refuses(422, "form")
	h.bearer(reads).do(t, "DELETE", at+"/embeds/"+link.text("id"), nil).refuses(403, "not-allowed")
	manages := h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "manages", "not_after": in(h, time.Hour), "role": "integrator"}).wants(201).text("token")
	h.bearer(manages).do(t, "DELETE", at+"/embeds/"+link.text("id"), nil).wants(204) // it may not show keys, and looks after the device
	if page := get(t, link.text("link")); strings.Contains(page, "Living room") {
		t.Error("a link that ended shows the chart")
	}
	h.marge.do(t, "DELETE", at+"/embeds/"+link.text("id"), nil).refuses(410, "embed-over")
}

func get(t *testing.T, address string) string {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return string(body)
}

func TestAWebhookIsMadeAndRemoved(t *testing.T) {
	h := newHouse(t)
	in := "/orgs/" + string(h.Household) + "/webhooks"
	made := h.homer.do(t, "POST", in, map[string]any{"url": "https://hook.simps.net/a-secret-path"}).wants(201)
	if !strings.HasPrefix(made.text("secret"), "whsec_") || made.text("host") != "hook.simps.net" {
		t.Fatalf("%s", made.body)
	}
	at := in + "/" + made.text("id")
	list := h.homer.do(t, "GET", in, nil).wants(200)
	if len(list.items()) != 1 || strings.Contains(string(list.body), "whsec_") || strings.Contains(string(list.body), "a-secret-path") {
		t.Errorf("%s", list.body)
	}
	if calls := h.homer.do(t, "GET", at+"/calls", nil).wants(200).items(); len(calls) != 0 {
		t.Errorf("%v", calls)
	}
	h.homer.do(t, "POST", in, map[string]any{"url": "ftp://hook.simps.net"}).refuses(422, "webhook-address")
	h.marge.do(t, "GET", in, nil).refuses(403, "not-allowed")
	elsewhere := strings.Replace(at, string(h.Household), string(h.Plant), 1)
	h.homer.do(t, "DELETE", elsewhere, nil).refuses(404, "webhook-unknown")
	h.homer.do(t, "GET", elsewhere+"/calls", nil).refuses(404, "webhook-unknown")
	for _, deed := range []string{"/again", "/let_go"} {
		if n := h.homer.do(t, "POST", "/webhooks/"+made.text("id")+deed, nil).wants(200).object()["count"]; n != 0. {
			t.Errorf("%v calls failed", n)
		}
	}
	h.homer.do(t, "DELETE", at, nil).wants(204)
	h.homer.do(t, "POST", at+"/test", nil).refuses(404, "webhook-unknown")
}

func TestAnAuditorLooksAtKeysAndTheTrail(t *testing.T) {
	h := newHouse(t)
	h.Board(t, h.Household, "74743827342", "Living room")
	at := "/orgs/" + string(h.Tenant)
	h.homer.do(t, "GET", at+"/audit/check", nil).wants(204)
	if c := h.homer.do(t, "POST", at+"/audit/check", nil).wants(200); c.text("state") != "ready" || c.object()["lines"].(float64) < 3 {
		t.Fatalf("%s", c.body)
	}
	h.homer.do(t, "GET", at+"/audit/check", nil).wants(200)
	first := h.homer.do(t, "GET", at+"/key_ages"+query("kind", "registration", "limit", "1"), nil).wants(200)
	if second := h.homer.do(t, "GET", first.next(), nil).wants(200).items(); len(first.items()) != 1 || second[0]["id"] == first.items()[0]["id"] {
		t.Fatalf("%s", first.body)
	}
	h.homer.odd(t, "GET", at+"/key_ages?kind=house", nil).refuses(400, "malformed")
	term := h.homer.do(t, "GET", at+"/key_term", nil).wants(200)
	h.homer.do(t, "PUT", at+"/key_term", map[string]any{"days": 30}, "If-Match", term.header.Get("ETag")).wants(200)
	h.homer.do(t, "PUT", at+"/key_term", map[string]any{"days": 60}, "If-Match", term.header.Get("ETag")).refuses(412, "changed-meanwhile")
	h.homer.odd(t, "PUT", at+"/key_term", map[string]any{"days": 0}).wants(422)
	program := h.bearer(h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "Auditor", "not_after": in(h, 60*24*time.Hour)}).wants(201).text("token"))
	h.Clock.Turn(31 * 24 * time.Hour)
	if old := program.do(t, "GET", at+"/key_ages"+query("only", "old"), nil).wants(200).items(); len(old) == 0 || old[0]["too_old"] != true {
		t.Errorf("%v", old)
	}
}
