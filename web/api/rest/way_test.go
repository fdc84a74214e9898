package rest_test

import (
	"strings"
	"testing"
	"time"

	"halfkey/web/webtest"
)

func TestWhoFoundATokenDoesNotLockItsOwnerOut(t *testing.T) {
	h := newHouse(t)
	program := h.bearer(h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "Lost", "not_after": in(h, time.Hour)}).wants(201).text("token"))
	for deed, body := range map[string]any{
		"PUT /me/password": map[string]any{"password": "four unusual words together"}, "DELETE /me/password": nil, "DELETE /me/app": nil, "DELETE /me/sessions": nil,
		"DELETE /me/passkeys/01jd3x8q2n5v7w9y1k3m": nil, "POST /me/address": map[string]any{"email": "thief@simps.net"}, "POST /me/address/confirm": nil,
		"PATCH /me/wishes": map[string]any{"new_browsers": false}, "POST /people/" + h.margesID(t) + "/recovery": nil,
	} {
		method, path, _ := strings.Cut(deed, " ")
		program.do(t, method, path, body).refuses(403, "self-by-token")
	}
	program.do(t, "PATCH", "/me/wishes", map[string]any{"silent_devices": true}).wants(200)
	program.do(t, "GET", "/me/ways", nil).wants(200)
}

func (h *house) margesID(t *testing.T) string {
	t.Helper()
	return h.marge.do(t, "GET", "/me", nil).wants(200).text("id")
}

// What is told to a person is about all that he holds, a token that was cut is for less.
func TestATokenThatWasCutHearsNothingThatIsItsPersonsOwn(t *testing.T) {
	h := newHouse(t)
	until := in(h, time.Hour)
	whole := h.bearer(h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "all", "not_after": until}).wants(201).text("token"))
	cut := h.bearer(h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "reads", "not_after": until, "role": "viewer", "org": h.Household}).wants(201).text("token"))
	for _, path := range []string{"/me/notices", "/me/sessions", "/me/tokens", "/me/ways", "/me/wishes"} {
		whole.do(t, "GET", path, nil).wants(200)
		cut.do(t, "GET", path, nil).refuses(403, "self-by-token")
	}
	cut.do(t, "PATCH", "/me/wishes", map[string]any{"silent_devices": false, "new_browsers": true}).refuses(403, "self-by-token")
	if all := whole.do(t, "GET", "/me", nil).wants(200).object()["roles"].([]any); len(all) == 0 {
		t.Error("a whole token is told of no role")
	}
	if some := cut.do(t, "GET", "/me", nil).wants(200).object()["roles"].([]any); len(some) != 0 {
		t.Errorf("one for the household is told of %v", some)
	}
	d, _ := h.Board(t, h.Plant, "74743827344", "Sector 7-G")
	run := h.homer.do(t, "POST", "/bulk", map[string]any{"act": "pause", "devices": []any{d.ID}}).wants(202).text("id")
	whole.do(t, "GET", "/runs/"+run, nil).wants(200)
	cut.do(t, "GET", "/runs/"+run, nil).refuses(404, "run-unknown")
	if list := cut.do(t, "GET", "/runs", nil).wants(200).items(); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

func TestOnesOwnWaysIn(t *testing.T) {
	h := newHouse(t)
	if w := h.homer.do(t, "GET", "/me/ways", nil).wants(200).object(); w["password"] != true || w["email"] != "homer@simps.net" || len(w["passkeys"].([]any)) != 0 {
		t.Fatalf("%v", w)
	}
	h.homer.do(t, "DELETE", "/me/password", nil).refuses(409, "last-way-in")
	h.homer.do(t, "PUT", "/me/password", map[string]any{"password": "short"}).wants(422)
	h.homer.do(t, "PUT", "/me/password", map[string]any{"password": "four unusual words together"}).wants(204)
	h.homer.do(t, "DELETE", "/me/app", nil).wants(204)
	h.homer.do(t, "DELETE", "/me/sessions", nil).wants(204)
	h.homer.do(t, "POST", "/me/address", map[string]any{"email": "nobody at all"}).wants(422)
	h.homer.do(t, "POST", "/me/address/confirm", nil).refuses(503, "no-mail")
	w := h.homer.do(t, "GET", "/me/wishes", nil).wants(200)
	if w.object()["new_browsers"] != true || w.object()["silent_devices"] != false {
		t.Fatalf("%s", w.body)
	}
	if now := h.homer.do(t, "PATCH", "/me/wishes", map[string]any{"new_browsers": false}, "If-Match", w.header.Get("ETag")).wants(200).object(); now["new_browsers"] != false {
		t.Errorf("%v", now)
	}
	h.homer.do(t, "PATCH", "/me/wishes", map[string]any{"silent_devices": true}, "If-Match", w.header.Get("ETag")).refuses(412, "changed-meanwhile")
	if now := h.homer.do(t, "GET", "/me/wishes", nil).wants(200).object(); now["new_browsers"] != false || now["silent_devices"] != false {
		t.Errorf("%v", now)
	}
	h.Clock.Turn(11 * time.Minute)
	h.homer.do(t, "PUT", "/me/password", map[string]any{"password": "five unusual words all together"}).refuses(403, "prove-first")
}

func TestAnOwnerHelpsSomebodyBackIn(t *testing.T) {
	h := newHouse(t)
	back := h.homer.do(t, "POST", "/people/"+h.margesID(t)+"/recovery", nil).wants(201)
	if back.object()["mailed"] != false || !strings.Contains(back.text("link"), "/recover/") {
		t.Fatalf("%s", back.body)
	}
	if page := get(t, back.text("link")); !strings.Contains(page, "assword") {
		t.Errorf("the link leads to %s", page)
	}
	if told := h.marge.do(t, "GET", "/me/notices", nil).wants(200).items(); len(told) != 0 {
		t.Errorf("%v", told)
	}
	h.marge.do(t, "POST", "/people/"+h.homer.do(t, "GET", "/me", nil).text("id")+"/recovery", nil).wants(404)
}

func TestWhoRunsThePlatformSeesWhatThereIs(t *testing.T) {
	h := newHouse(t)
	for _, list := range []string{"/platform/orgs", "/platform/people", "/platform/roles"} {
		h.homer.do(t, "GET", list, nil).refuses(404, "not-found")
	}
	frink := h.Browser(t)
	frink.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	admin := as(h.House, frink)
	orgs := admin.do(t, "GET", "/platform/orgs"+query("q", "the s"), nil).wants(200).items()
	if len(orgs) != 1 || orgs[0]["id"] != string(h.Tenant) || orgs[0]["people"].(float64) < 2 {
		t.Fatalf("%v", orgs)
	}
	first := admin.do(t, "GET", "/platform/people"+query("limit", "1"), nil).wants(200)
	if second := admin.do(t, "GET", first.next(), nil).wants(200).items(); len(second) != 1 || second[0]["id"] == first.items()[0]["id"] {
		t.Fatalf("%s", first.body)
	}
	if roles := admin.do(t, "GET", "/platform/roles", nil).wants(200).items(); len(roles) != 1 || roles[0]["role"] != "platform-admin" {
		t.Fatalf("%v", roles)
	}
}
