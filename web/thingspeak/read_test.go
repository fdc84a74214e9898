package thingspeak

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestReadsAnswerAsTheContractSays(t *testing.T) {
	h := newHouse(t)
	h.wants(t, "GET", "/channels/CHANNEL/feeds/last.json?api_key=READKEY", "", 200, "-1")
	for i, v := range []string{"20", "21.456", "x", "23"} {
		h.wants(t, "GET", "/update?api_key=WRITEKEY&created_at=2026-01-01T00:00:0"+strconv.Itoa(i)+"Z&field1="+v, "", 200, strconv.Itoa(i+1))
	}
	h.wants(t, "GET", "/update?api_key=WRITEKEY&created_at=2026-01-01T00:00:09Z&field2=50&field5=unnamed&status=fine", "", 200, "5")
	last := `{"created_at":"2026-01-01T00:00:09Z","entry_id":5,"field1":null,"field2":"50"}`
	for target, want := range map[string]string{
		"/channels/CHANNEL/feeds/last":                                 last,
		"/channels/CHANNEL/feeds/last.txt":                             last,
		"/channels/CHANNEL/feed/last.json":                             last,
		"/channels/CHANNEL/feeds/5.json":                               last,
		"/channels/CHANNEL/feeds/entry/5.json":                         last,
		"/channels/CHANNEL/feeds/6.json":                               "-1",
		"/channels/CHANNEL/feeds/last.json?status=true":                `{"created_at":"2026-01-01T00:00:09Z","entry_id":5,"field1":null,"field2":"50","status":"fine"}`,
		"/channels/CHANNEL/feeds/last.json?offset=1":                   strings.Replace(last, "00:00:09Z", "01:00:09+01:00", 1),
		"/channels/CHANNEL/feeds/last.json?timezone=Europe%2FPrague":   strings.Replace(last, "00:00:09Z", "01:00:09+01:00", 1),
		"/channels/CHANNEL/fields/1/last":                              "23",
		"/channels/CHANNEL/fields/field1/last.txt":                     "23",
		"/channels/CHANNEL/field/1/last?prepend=T%3D&append=C&round=1": "T=23.0C",
		"/channels/CHANNEL/fields/1/last.json":                         `{"created_at":"2026-01-01T00:00:03Z","entry_id":4,"field1":"23"}`,
		"/channels/CHANNEL/fields/5/last":                              "unnamed",
		"/channels/CHANNEL/fields/8/last":                              "-1",
		"/channels/CHANNEL/fields/1/2.json?round=1":                    `{"created_at":"2026-01-01T00:00:01Z","entry_id":2,"field1":"21.5"}`,
	} {
		sep := "?"
		if strings.Contains(target, "?") {
			sep = "&"
		}
		h.wants(t, "GET", target+sep+"api_key=READKEY", "", 200, want)
	}
}

func TestRangesPickTheNewestInOrder(t *testing.T) {
	h := newHouse(t)
	now := time.Now().UTC().Truncate(time.Second)
	for i, ago := range []time.Duration{50 * time.Hour, 30 * time.Hour, 2 * time.Hour, 5 * time.Minute, 0} {
		h.wants(t, "GET", "/update?api_key=WRITEKEY&field1="+strconv.Itoa(i+1)+"&created_at="+now.Add(-ago).Format(time.RFC3339), "", 200, strconv.Itoa(i+1))
	}
	at := func(ago time.Duration) string { return now.Add(-ago).Format("2006-01-02T15:04:05Z") }
	for query, want := range map[string]string{
		"":                          "345",
		"results=2":                 "45",
		"results=8000":              "12345",
		"results=0":                 "12345",
		"days=2":                    "2345",
		"minutes=60":                "45",
		"days=2&results=2":          "45",
		"start=" + at(31*time.Hour): "2345",
		"end=" + at(2*time.Hour):    "3",
		"start=" + at(31*time.Hour) + "&end=" + at(time.Hour): "23",
		"results=5&min=2&max=4":                               "234",
		"results=nonsense&days=-1":                            "345",
	} {
		var got string
		feed := decoded(t, h.ask(t, "GET", "/channels/CHANNEL/fields/1.json?api_key=READKEY&"+query, "").Body)
		for _, row := range feed["feeds"].([]any) {
			got += row.(map[string]any)["field1"].(string)
		}
		if got != want {
			t.Errorf("%q gave entries %s, want %s", query, got, want)
		}
	}
	head := decoded(t, h.ask(t, "GET", "/channels/CHANNEL/feeds?api_key=READKEY", "").Body)["channel"].(map[string]any)
	if head["name"] != "Garage" || head["field1"] != "Temperature" || head["field2"] != "Humidity" || head["last_entry_id"] != 5.0 || head["latitude"] != "0.0" {
		t.Errorf("head %v", head)
	}
}

func TestWhoMayRead(t *testing.T) {
	h := newHouse(t)
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=1", "", 200, "1")
	for _, path := range []string{"/channels/%/feeds.json", "/channels/%/fields/1.json", "/channels/%/feeds/last", "/channels/%/fields/1/last.txt"} {
		mine := strings.Replace(path, "%", "CHANNEL", 1)
		for query, status := range map[string]int{"?api_key=READKEY": 200, "?key=WRITEKEY": 200, "": 400, "?api_key=ACCOUNT": 400, "?api_key=AAAAAAAAAAAAAAAA": 400, "?api_key=x": 400} {
			if w := h.ask(t, "GET", mine+query, ""); w.Code != status || status == 400 && w.Body.String() != "-1" {
				t.Errorf("%s%s: %d %q, want %d", mine, query, w.Code, w.Body, status)
			}
		}
		if w := h.ask(t, "GET", mine, "", "X-THINGSPEAKAPIKEY", "READKEY"); w.Code != 200 {
			t.Errorf("%s with the key in a header: %d", mine, w.Code)
		}
		h.wants(t, "GET", strings.Replace(path, "%", "999", 1)+"?api_key=READKEY", "", 404, "-1")
	}
	h.wants(t, "GET", "/channels/CHANNEL/nothing?api_key=READKEY", "", 404, "-1")
	h.wants(t, "GET", "/channels/CHANNEL/fields/9?api_key=READKEY", "", 404, "-1")
	must(t, h.db.Exec(`UPDATE channels SET public = TRUE`).Error)
	if w := h.ask(t, "GET", "/channels/CHANNEL/feeds.json", ""); w.Code != 200 {
		t.Errorf("a public channel without a key: %d", w.Code)
	}
}

func TestChartsAreForFrames(t *testing.T) {
	h := newHouse(t)
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=21.5", "", 200, "1")
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=22.5", "", 200, "2")
	w := h.ask(t, "GET", "/channels/CHANNEL/charts/1?api_key=READKEY&bgcolor=%23ffffff&color=%23d62020&dynamic=true&results=60&type=line", "")
	body := w.Body.String()
	for _, want := range []string{"<svg", "<polyline", `stroke="#d62020"`, "Garage", "Temperature", `data-update="15"`, "2 readings from 21.5 to 22.5"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(body, h.readKey) || strings.Contains(body, "http://") && !strings.Contains(body, "http://www.w3.org/2000/svg") {
		t.Error("the page holds the key or another host")
	}
	if p := w.Header().Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors *") || !strings.Contains(p, "default-src 'none'") {
		t.Errorf("policy %q", p)
	}
	if w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("X-Frame-Options") != "" {
		t.Error("the key in the address may leak, or the page cannot be framed")
	}
	for _, evil := range []string{`"><script>alert(1)</script>`, `red" onload="alert(1)`, `</svg><img src=x>`} {
		q := strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", "/", "%2F").Replace(evil)
		body := h.ask(t, "GET", "/channels/CHANNEL/charts/1?api_key=READKEY&type="+q+"&color="+q+"&bgcolor="+q+"&title="+q+"&xaxis="+q+"&yaxis="+q+"&width="+q+"&update="+q, "").Body.String()
		if strings.Contains(body, evil) || strings.Contains(body, "<script>") || strings.Contains(body, "<img") {
			t.Errorf("%q came through", evil)
		}
	}
	if w := h.ask(t, "GET", "/channels/CHANNEL/charts/1", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "read key") {
		t.Errorf("without a key: %d", w.Code)
	}
	if w := h.ask(t, "GET", "/channels/999/charts/1", ""); w.Code != 404 {
		t.Errorf("an unknown channel: %d", w.Code)
	}
	if w := h.ask(t, "GET", "/channels/CHANNEL/charts/2?api_key=READKEY&type=column&width=auto&yaxismin=5&yaxismax=1", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "No readings yet") {
		t.Errorf("an empty field: %d", w.Code)
	}
	if w := h.ask(t, "GET", "/channels/CHANNEL/charts/1?api_key=READKEY&type=column", ""); strings.Count(w.Body.String(), "<rect") != 3 {
		t.Error("columns are not drawn")
	}
	for _, f := range []string{"/chart.css", "/chart.js"} {
		if w := h.ask(t, "GET", f, ""); w.Code != 200 {
			t.Errorf("%s: %d", f, w.Code)
		}
	}
}
