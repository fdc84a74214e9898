package thingspeak

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"halfkey/connectors/channels"
)

func (h *house) all(t *testing.T) (rows []string) {
	t.Helper()
	list, err := h.store.Feed(t.Context(), h.id, channels.Query{})
	must(t, err)
	for _, r := range list {
		text := r.Created.Format("15:04:05")
		for _, v := range append(r.Fields[:2], r.Latitude, r.Status) {
			if text += ","; v != nil {
				text += *v
			}
		}
		rows = append(rows, text)
	}
	return rows
}

func TestManyEntriesComeAtOnce(t *testing.T) {
	h := newHouse(t)
	asJSON := []string{"Content-Type", "application/json"}
	bulk := func(body string, status int, want string, header ...string) {
		t.Helper()
		if w := h.ask(t, "POST", "/channels/CHANNEL/bulk_update.json", body, header...); w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %d %s", body, w.Code, w.Body, status, want)
		}
	}
	list := `{"write_api_key":"WRITEKEY","updates":[{"created_at":"2026-01-01 10:00:00 +0100","field1":1},{"created_at":"2026-01-01T09:00:05Z","field1":2,"status":"well"},{"created_at":1767258010,"field2":"x","latitude":48.2}]}`
	for range 2 { // a second time changes nothing
		bulk(list, 202, `{"success":true}`, asJSON...)
	}
	if got := strings.Join(h.all(t), " "); got != "09:00:00,1,,, 09:00:05,2,,,well 09:00:10,,x,48.2," {
		t.Errorf("stored %s", got)
	}
	bulk(strings.Replace(list, "WRITEKEY", "READKEY", 1), 401, "error_auth_required", asJSON...)
	bulk(strings.Replace(list, "WRITEKEY", "AAAAAAAAAAAAAAAA", 1), 401, "error_auth_required", asJSON...)
	bulk(`{"write_api_key":"WRITEKEY","updates":[{"field1":1}]}`, 400, "error_bad_request", asJSON...)
	bulk(`{"write_api_key":"WRITEKEY","updates":[{"delta_t":0},{"delta_t":0}]}`, 400, "error_bad_request", asJSON...)
	bulk(`{"write_api_key":"WRITEKEY","updates":[{"created_at":"2026-01-01","field1":"`+strings.Repeat("x", 256)+`"}]}`, 400, "error_bad_request", asJSON...)
	bulk(`{broken`, 400, "error_bad_request", asJSON...)
	bulk(strings.Repeat("x", 5<<20), 413, "error_request_too_large")
	if got := h.all(t); len(got) != 3 {
		t.Errorf("a refused list left something: %v", got)
	}
}

func TestABatteryNodeSendsWhatItGathered(t *testing.T) {
	h := newHouse(t)
	before := time.Now().Add(-2 * time.Second)
	form := url.Values{"write_api_key": {h.writeKey}, "time_format": {"relative"}, "updates": {"0,1,a|60,2,b,,,,,,,48.2,,,all, is well|40,3"}}
	if w := h.ask(t, "POST", "/channels/CHANNEL/bulk_update.csv", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	rows, err := h.store.Feed(t.Context(), h.id, channels.Query{})
	must(t, err)
	if len(rows) != 3 || rows[2].Created.Before(before) || rows[2].Created.Sub(rows[0].Created) != 100*time.Second || rows[1].Created.Sub(rows[0].Created) != time.Minute || *rows[1].Status != "all, is well" {
		t.Errorf("rows %+v", rows)
	}
	form = url.Values{"write_api_key": {h.writeKey}, "time_format": {"absolute"}, "updates": {"2016-01-01T00:00:00Z,9|1451606401,8"}}
	if w := h.ask(t, "POST", "/channels/CHANNEL/bulk_update.csv", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := h.all(t); len(got) != 5 || got[0] != "00:00:00,9,,," {
		t.Errorf("rows %v", got)
	}
	must(t, h.db.Exec(`UPDATE channels SET min_gap = 60000000`).Error)
	form.Set("updates", "2016-01-02T00:00:00Z,9")
	if w := h.ask(t, "POST", "/channels/CHANNEL/bulk_update.csv", form.Encode()); w.Code != 429 {
		t.Errorf("too soon: %d", w.Code)
	}
	other := h.ask(t, "POST", "/channels/100001/bulk_update.csv", form.Encode())
	if w := h.ask(t, "POST", "/channels/999/bulk_update.csv", form.Encode()); w.Code != 401 {
		t.Errorf("another channel's key: %d, its own %d", w.Code, other.Code)
	}
}

func TestWhatAnybodyMayRead(t *testing.T) {
	h := newHouse(t)
	page := func(query string) (names []string, total float64) {
		t.Helper()
		v := decoded(t, h.ask(t, "GET", "/channels/public.json?"+query, "").Body)
		for _, c := range v["channels"].([]any) {
			ch := c.(map[string]any)
			if ch["api_keys"] != nil {
				t.Error("the public list holds keys")
			}
			names = append(names, ch["name"].(string))
		}
		return names, v["pagination"].(map[string]any)["total_entries"].(float64)
	}
	if _, n := page(""); n != 0 {
		t.Error("a private channel is listed")
	}
	h.wants(t, "GET", "/users/simpsons.json", "", 404, `{"status":"404","error":{"error_code":"error_resource_not_found","message":"Resource Not Found","details":"The requested resource was not found."}}`)
	for i := range 17 {
		place := ""
		if i == 3 {
			place = "&latitude=48.14&longitude=17.11&tags=near,x"
		}
		h.ask(t, "POST", "/channels.json?api_key=ACCOUNT&public_flag=true&name=c"+string(rune('a'+i))+place, "")
	}
	if names, n := page(""); len(names) != 15 || n != 17 {
		t.Errorf("%v of %v", names, n)
	}
	if names, _ := page("page=2"); len(names) != 2 {
		t.Errorf("%v", names)
	}
	for query, want := range map[string]int{"tag=near": 1, "tag=far": 0, "latitude=48.2&longitude=16.37&distance=60": 1, "latitude=48.2&longitude=16.37&distance=40": 0, "username=simpsons": 15, "username=burns": 0, "page=99": 0} {
		if names, _ := page(query); len(names) != want {
			t.Errorf("%s: %v", query, names)
		}
	}
	if v := decoded(t, h.ask(t, "GET", "/users/simpsons/channels.json", "").Body); len(v["channels"].([]any)) != 17 {
		t.Errorf("%v", v)
	}
	own := decoded(t, h.ask(t, "GET", "/users/simpsons/channels.json?api_key=ACCOUNT", "").Body)["channels"].([]any)
	if len(own) != 17 || own[0].(map[string]any)["api_keys"] == nil {
		t.Errorf("the account's own list is %v", own)
	}
}
