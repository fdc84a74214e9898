package thingspeak

import (
	"net/http"
	"strings"
	"testing"
)

func TestUpdateAnswersAsTheContractSays(t *testing.T) {
	h := newHouse(t)
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=73", "", 200, "1")
	h.wants(t, "POST", "/update.txt?api_key=WRITEKEY&field1=73", "", 200, "2")
	h.wants(t, "GET", "/update?api_key=READKEY&field1=73", "", 400, "0")
	h.wants(t, "GET", "/update?api_key=AAAAAAAAAAAAAAAA&field1=73", "", 400, "0")
	h.wants(t, "GET", "/update.json?api_key=nonsense&field1=73", "", 400, "0")
	h.wants(t, "GET", "/update?field1=73", "", 400, "0")
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1="+strings.Repeat("x", 256), "", 400, "0")
	h.wants(t, "POST", "/update?api_key=WRITEKEY", "field1="+strings.Repeat("x", 17<<10), 413, "0")
	h.wants(t, "POST", "/update?api_key=WRITEKEY", "{broken", 400, "0")
	h.wants(t, "DELETE", "/update?api_key=WRITEKEY&field1=73", "", 405, "0")
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=%ff%00x&talkback_key=T", "", 200, "3")
	if v := h.last(t).Fields[0]; *v != "\uFFFDx" {
		t.Errorf("what is no text became %q", *v)
	}
	h.wants(t, "POST", "/update.json", `{"api_key":"WRITEKEY","field1":"","field8":"<&>","lat":"1.5","created_at":"2014-02-26 21:27:21"}`, 200,
		`{"channel_id":CHANNEL,"field1":"","field2":null,"field3":null,"field4":null,"field5":null,"field6":null,"field7":null,"field8":"<&>","created_at":"2014-02-26T21:27:21Z","entry_id":4,"status":null,"latitude":"1.5","longitude":null,"elevation":null}`)
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=1&created_at=2014-02-26T22:27:21%2B01:00", "", 200, "0") // the same second again
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=1&created_at=2014-02-26+23:27:22&timezone=Europe/Prague", "", 200, "5")
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=1&created_at=yesterday", "", 200, "6")
}

func TestTooSoonIsNotAnError(t *testing.T) {
	h := newHouse(t)
	must(t, h.db.Exec(`UPDATE channels SET min_gap = 3600000000`).Error)
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=1", "", 200, "1")
	h.wants(t, "GET", "/update.json?api_key=WRITEKEY&field1=1", "", 200, "0")
}

func TestEveryAnswerMayBeReadFromAnywhere(t *testing.T) {
	h := newHouse(t)
	for _, c := range [][2]string{{"OPTIONS", "/update"}, {"GET", "/update?api_key=WRITEKEY&field1=1"}, {"GET", "/channels/CHANNEL/feeds.json"}, {"GET", "/nowhere"}} {
		w := h.ask(t, c[0], c[1], "")
		for name, want := range map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, POST, PUT, OPTIONS, DELETE, PATCH",
			"X-Content-Type-Options": "nosniff", "Status": http.StatusText(w.Code)} {
			if got := w.Header().Get(name); !strings.HasSuffix(got, want) {
				t.Errorf("%s %s: %s is %q", c[0], c[1], name, got)
			}
		}
	}
}
