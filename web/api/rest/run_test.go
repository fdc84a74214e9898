package rest_test

import (
	"log/slog"
	"strings"
	"testing"

	"halfkey/devices/bulk"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/web/webtest"
)

// work does what a job would.
func work(t *testing.T, h *webtest.Simpsons, id string) {
	t.Helper()
	s := &bulk.Service{DB: h.DB, Vault: h.Orgs.Vault, Decider: h.Decider, Devices: h.Devices, Orgs: h.Orgs, Machines: h.Machines, Now: h.Now}
	if err := s.Do(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

func TestManyDevicesAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		homer, marge := as(s.House, s.Homer), as(s.House, s.Marge)
		var ids []string
		for _, serial := range []string{"74743827341", "74743827342", "74743827343"} {
			d, _ := s.Board(t, s.Household, serial, "T "+serial)
			ids = append(ids, string(d.ID))
		}
		r := homer.do(t, "POST", "/bulk", map[string]any{"act": "pause", "filter": map[string]any{"org": s.Household}}).wants(202)
		if r.text("state") != "waiting" || r.object()["total"] != 3.0 {
			t.Fatalf("%s", r.body)
		}
		at := "/runs/" + r.text("id")
		marge.do(t, "GET", at, nil).refuses(404, "run-unknown")
		work(t, s, r.text("id"))
		if r := homer.do(t, "GET", at, nil).wants(200); r.text("state") != "ended" || r.object()["done"] != 3.0 {
			t.Fatalf("%s", r.body)
		}
		if n := len(homer.do(t, "GET", "/devices?state=suspended", nil).items()); n != 3 {
			t.Errorf("%d paused", n)
		}

		r = homer.do(t, "POST", "/bulk", map[string]any{"act": "move", "devices": ids, "to": s.Plant}).wants(202)
		homer.do(t, "POST", "/devices/"+ids[1]+"/retire", map[string]any{"serial": "74743827342"}).wants(200)
		work(t, s, r.text("id"))
		got := homer.do(t, "GET", "/runs/"+r.text("id"), nil).wants(200)
		wrong := got.object()["errors"].([]any)
		if got.object()["done"] != 2.0 || len(wrong) != 1 || wrong[0].(map[string]any)["code"] != "device-retired" || wrong[0].(map[string]any)["thing"] != ids[1] {
			t.Fatalf("%s", got.body)
		}

		homer.do(t, "POST", "/bulk", map[string]any{"act": "pause", "filter": map[string]any{"q": "nothing"}}).refuses(422, "bulk-nothing")
		homer.odd(t, "POST", "/bulk", map[string]any{"act": "explode", "devices": ids}).refuses(422, "form")
		marge.do(t, "POST", "/bulk", map[string]any{"act": "retire", "devices": ids}).refuses(404, "device-unknown")
	})
}

// What somebody may no longer do when his turn comes is not done.
func TestARunActsWithTheRightsOfTheMoment(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Household, "74743827341", "T")
	made := h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "Robot", "not_after": in(h, 3600e9), "role": "operator"}).wants(201)
	robot := h.bearer(made.text("token"))
	robot.do(t, "POST", "/bulk", map[string]any{"act": "move", "devices": []string{string(d.ID)}, "to": h.Plant}).refuses(403, "not-allowed")
	r := robot.do(t, "POST", "/bulk", map[string]any{"act": "pause", "devices": []string{string(d.ID)}}).wants(202)
	h.homer.do(t, "DELETE", "/me/tokens/"+made.text("id"), nil).wants(204)
	work(t, h.Simpsons, r.text("id"))
	if got := h.homer.do(t, "GET", "/runs/"+r.text("id"), nil).wants(200); got.object()["failed"] != 1.0 {
		t.Fatalf("%s", got.body)
	}
	if h.homer.do(t, "GET", "/devices/"+string(d.ID), nil).text("state") != "active" {
		t.Error("a revoked token paused a device")
	}
}

func TestAFileOfSerialsIsTakenAsAWholeOrLineByLine(t *testing.T) {
	h := newHouse(t)
	key := h.homer.do(t, "POST", "/orgs/"+string(h.Household)+"/keys", map[string]any{"boarding": "serials"}).wants(201)
	at := "/keys/" + key.text("id") + "/serials"
	send := func(path, file string) answer { return h.homer.do(t, "POST", path, file, "Content-Type", "text/csv") }
	a := send(at, "serial\n74743827342\nno serial\n74743827343\n").refuses(422, "file-lines")
	if !strings.Contains(string(a.body), "line 3, column serial") {
		t.Fatalf("%s", a.body)
	}
	if n := len(h.homer.do(t, "GET", at, nil).items()); n != 0 {
		t.Fatalf("%d taken of a wrong file", n)
	}
	r := send(at+"?good_rows=true", "\ufeffSerial\r\n\"74743827342\"\r\nno serial\r\n74743827343\r\n").wants(202)
	work(t, h.Simpsons, r.text("id"))
	got := h.homer.do(t, "GET", "/runs/"+r.text("id"), nil).wants(200)
	wrong := got.object()["errors"].([]any)[0].(map[string]any)
	if got.object()["done"] != 2.0 || wrong["line"] != 3.0 || wrong["column"] != "serial" {
		t.Fatalf("%s", got.body)
	}
	if n := len(h.homer.do(t, "GET", at, nil).items()); n != 2 {
		t.Errorf("%d listed", n)
	}
	send(at, "number\n1\n").refuses(422, "file-lines")
	send(at, "serial\n\"1\n").refuses(422, "file-lines")
	h.homer.do(t, "POST", "/orgs/"+string(h.Household)+"/invitations", "email,role\nbart@simps.net,member\n", "Content-Type", "text/csv").refuses(409, "bulk-mail")
}
