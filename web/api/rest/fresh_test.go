package rest_test

import (
	"testing"
	"time"
)

// A browser that somebody left open hands nothing over; it still reads, and says
// what a deed would come to. A program with a token is asked for no more.
func TestABrowserLeftOpenHandsNothingOver(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	place, at := "/orgs/"+string(h.Household), "/devices/"+string(d.ID)
	key := "/keys/" + h.homer.do(t, "POST", place+"/keys", map[string]any{"label": "At home"}).wants(201).text("id")
	program := h.bearer(h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "Backup", "not_after": in(h, time.Hour)}).wants(201).text("token"))
	role := h.homer.do(t, "GET", place+"/people", nil).items()[0]["roles"].([]any)[0].(map[string]any)["id"].(string)
	mine := h.homer.do(t, "GET", "/me", nil).object()["roles"].([]any)[0].(map[string]any)["id"].(string)
	marge := "/people/" + h.homer.do(t, "GET", place+"/people", nil).items()[0]["id"].(string)
	service := "/services/" + h.homer.do(t, "POST", place+"/services", map[string]any{"name": "Billing"}).wants(201).text("id")

	h.Clock.Turn(11 * time.Minute)
	give := map[string]any{"to": "marge@simps.net", "role": "viewer", "reason": "a visit"}
	for path, body := range map[string]any{
		key + "/reveal": nil, key + "/replace": nil, key + "/revoke": nil, at + "/read_key": nil,
		place + "/keys":         map[string]any{"label": "Another"},
		place + "/account_keys": nil,
		place + "/invitations":  map[string]any{"email": "bart@simps.net", "role": "member"},
		place + "/roles":        give, place + "/shares": give, at + "/shares": give,
		"/roles/" + mine + "/deputies": map[string]any{"to": "marge@simps.net", "until": in(h, time.Hour)},
		"/me/tokens":                   map[string]any{"label": "More", "not_after": in(h, time.Hour)},
		service + "/tokens":            map[string]any{"label": "First", "not_after": in(h, time.Hour)},
		service + "/roles":             map[string]any{"role": "viewer"},
		marge + "/disable":             nil, marge + "/enable": nil,
		place + "/close": nil, place + "/leave": nil, place + "/move": map[string]any{"parent": h.Plant},
	} {
		h.homer.do(t, "POST", path, body).refuses(403, "prove-first")
	}
	h.homer.do(t, "DELETE", "/roles/"+role, nil).refuses(403, "prove-first")
	h.homer.do(t, "PATCH", "/roles/"+role, map[string]any{}).refuses(403, "prove-first")

	h.homer.do(t, "GET", place+"/people", nil).wants(200)
	h.homer.do(t, "PATCH", at, map[string]any{"name": "Lounge"}).wants(200)
	h.homer.do(t, "POST", place+"/close?dry_run=true", nil).wants(200)
	program.do(t, "POST", key+"/reveal", nil).wants(200)
	program.do(t, "DELETE", "/roles/"+role, nil).wants(204)
}
