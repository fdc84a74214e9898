package thingspeak

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

func TestAnAccountMakesSeesAndEndsItsChannels(t *testing.T) {
	h := newHouse(t)
	var ids []string
	for _, c := range [][]string{ // every shape in which clients were seen to ask
		{"/channels.json", "api_key=ACCOUNT&name=one&field1=Temp&public_flag=false&metadata=%7B%22halfkey_op%22%3A%22x%22%7D&tags=a,b", "Content-Type", "application/x-www-form-urlencoded"},
		{"/channels.json?api_key=ACCOUNT&name=one&field1=Temp&tags=a", ""},
		{"/channels.json", `{"api_key":"ACCOUNT","name":"one","field1":"Temp","public_flag":false,"tags":["a"]}`, "Content-Type", "application/json"},
		{"/channels?api_key=ACCOUNT", "name=one&field1=Temp&tags=a", "Accept", "application/json"},
	} {
		w := h.ask(t, "POST", c[0], c[1], c[2:]...)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", c[0], w.Code, w.Body)
		}
		ch := decoded(t, w.Body)
		keys := ch["api_keys"].([]any)
		if len(keys) != 2 || keys[0].(map[string]any)["write_flag"] != true || keys[1].(map[string]any)["write_flag"] != false || len(keys[0].(map[string]any)["api_key"].(string)) != 16 {
			t.Fatalf("keys %v", keys)
		}
		if ch["name"] != "one" || ch["field1"] != "Temp" || ch["public_flag"] != false || ch["last_entry_id"] != nil || ch["latitude"] != "0.0" {
			t.Errorf("channel %v", ch)
		}
		id := strconv.FormatFloat(ch["id"].(float64), 'f', 0, 64)
		ids = append(ids, id)
		h.wants(t, "GET", "/update?api_key="+keys[0].(map[string]any)["api_key"].(string)+"&field1=1", "", 200, "1")
		h.wants(t, "GET", "/channels/"+id+"/fields/1/last?api_key="+keys[1].(map[string]any)["api_key"].(string), "", 200, "1")
	}
	var list []map[string]any
	must(t, json.Unmarshal(h.ask(t, "GET", "/channels.json?api_key=ACCOUNT", "").Body.Bytes(), &list))
	if len(list) != 4 || list[0]["metadata"] != `{"halfkey_op":"x"}` {
		t.Errorf("the list has %d channels, first %v: a device's channel is not the account's", len(list), list[0])
	}
	must(t, json.Unmarshal(h.ask(t, "GET", "/channels.json?api_key=ACCOUNT&tag=b", "").Body.Bytes(), &list))
	if len(list) != 1 {
		t.Errorf("%d channels with the tag", len(list))
	}
	one := "/channels/" + ids[0]
	if ch := decoded(t, h.ask(t, "PUT", one+".json", "api_key=ACCOUNT&name=two&public_flag=true&field2=Hum").Body); ch["name"] != "two" || ch["field1"] != "Temp" || ch["field2"] != "Hum" || ch["public_flag"] != true {
		t.Errorf("after the change %v", ch)
	}
	if ch := decoded(t, h.ask(t, "GET", one+".json", "").Body); ch["name"] != "two" || ch["api_keys"] != nil {
		t.Errorf("to a stranger a public channel is %v", ch)
	}
	h.wants(t, "DELETE", one+"/feeds.json?api_key=ACCOUNT", "", 200, "[]")
	h.wants(t, "GET", one+"/feeds/last?api_key=ACCOUNT", "", 200, "-1")
	if w := h.ask(t, "DELETE", one+".json?api_key=ACCOUNT", ""); w.Code != 200 || decoded(t, w.Body)["api_keys"] != nil {
		t.Errorf("delete: %d", w.Code)
	}
	if w := h.ask(t, "DELETE", one+".json?api_key=ACCOUNT", ""); w.Code != 404 {
		t.Errorf("delete again: %d", w.Code)
	}
}

func TestAccountCallsAreRefusedInTheirOwnWords(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		method, target, body, code string
		status                     int
	}{
		{"GET", "/channels.json", "", "error_auth_required", 401},
		{"POST", "/channels.json", "api_key=WRITEKEY", "error_auth_required", 401},
		{"POST", "/channels.json", "{broken", "error_bad_request", 400},
		{"POST", "/channels.json", "api_key=ACCOUNT&name=" + strings.Repeat("x", 3001), "error_bad_request", 400},
		{"POST", "/channels.json", strings.Repeat("x", 65<<10), "error_request_too_large", 413},
		{"DELETE", "/channels.json?api_key=ACCOUNT", "", "error_method_invalid", 405},
		{"GET", "/channels/CHANNEL.json?api_key=READKEY", "", "error_bad_request", 400},
		{"GET", "/channels/CHANNEL.json", "", "error_auth_required", 401},
		{"GET", "/channels/CHANNEL.json?api_key=ACCOUNT", "", "error_resource_not_found", 404}, // a device's channel
		{"PUT", "/channels/CHANNEL.json?api_key=ACCOUNT&public_flag=true", "", "error_resource_not_found", 404},
		{"DELETE", "/channels/CHANNEL.json?api_key=ACCOUNT", "", "error_resource_not_found", 404},
		{"DELETE", "/channels/CHANNEL/feeds.json?api_key=ACCOUNT", "", "error_resource_not_found", 404},
		{"GET", "/channels/nothing.json?api_key=ACCOUNT", "", "error_resource_not_found", 404},
	} {
		w := h.ask(t, c.method, c.target, c.body)
		v := decoded(t, w.Body)
		if e := v["error"].(map[string]any); w.Code != c.status || v["status"] != strconv.Itoa(c.status) || e["error_code"] != c.code {
			t.Errorf("%s %s: %d %v, want %d %s", c.method, c.target, w.Code, v, c.status, c.code)
		}
	}
	h.wants(t, "GET", "/channels.txt", "", 401, "error_auth_required")
}
