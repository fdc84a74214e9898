package thingspeak

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestReadsAreSpokenInXMLAndCSVToo(t *testing.T) {
	h := newHouse(t)
	h.wants(t, "GET", "/update?api_key=WRITEKEY&created_at=2026-01-01T00:00:00Z&field1=a%26b&status=fine", "", 200, "1")
	h.wants(t, "GET", "/update?api_key=WRITEKEY&created_at=2026-01-01T00:00:09Z&field2=%3D1,2", "", 200, "2")
	head := `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	for target, want := range map[string]string{
		"/channels/CHANNEL/feeds/last.xml?":               head + `<feed><created-at type="dateTime">2026-01-01T00:00:09Z</created-at><entry-id type="integer">2</entry-id><field1 nil="true"/><field2>=1,2</field2></feed>` + "\n",
		"/channels/CHANNEL/fields/1/last.xml?":            head + `<feed><created-at type="dateTime">2026-01-01T00:00:00Z</created-at><entry-id type="integer">1</entry-id><field1>a&amp;b</field1></feed>` + "\n",
		"/channels/CHANNEL/feeds/last.csv?":               "created_at,entry_id,field1,field2\n2026-01-01 00:00:09 UTC,2,,\"=1,2\"\n",
		"/channels/CHANNEL/fields/1/last.csv?":            "created_at,entry_id,field1\n2026-01-01 00:00:00 UTC,1,a&b\n",
		"/channels/CHANNEL/feeds.csv?results=9&offset=1&": "created_at,entry_id,field1,field2\n2026-01-01 01:00:00 +0100,1,a&b,\n2026-01-01 01:00:09 +0100,2,,\"=1,2\"\n",
		"/channels/CHANNEL/field/1.csv?results=1&":        "created_at,entry_id,field1\n2026-01-01 00:00:09 UTC,2,\n",
		"/channels/CHANNEL/fields/8.csv?days=1&":          "created_at,entry_id,field8\n",
		"/channels/CHANNEL/status.csv?results=5&":         "created_at,entry_id,status\n2026-01-01 00:00:00 UTC,1,fine\n",
		"/channels/CHANNEL/status/last.json?":             `{"created_at":"2026-01-01T00:00:00Z","entry_id":1,"status":"fine"}`,
		"/channels/CHANNEL/status/2.json?":                `{"created_at":"2026-01-01T00:00:09Z","entry_id":2,"status":null}`,
		"/channels/CHANNEL/feeds/last.json?callback=fn&":  `fn({"created_at":"2026-01-01T00:00:09Z","entry_id":2,"field1":null,"field2":"=1,2"})`,
		"/channels/CHANNEL/feeds/last?callback=a(1)&":     `{"created_at":"2026-01-01T00:00:09Z","entry_id":2,"field1":null,"field2":"=1,2"}`,
	} {
		h.wants(t, "GET", target+"api_key=READKEY", "", 200, want)
	}
	w := h.ask(t, "GET", "/channels/CHANNEL/feeds.xml?api_key=READKEY&results=5&status=true", "")
	for _, want := range []string{head + `<channel><id type="integer">` + h.id.String() + `</id><name>Garage</name>`, `<field1>Temperature</field1>`, `<last-entry-id type="integer">2</last-entry-id>`,
		`<feeds type="array"><feed><created-at type="dateTime">2026-01-01T00:00:00Z</created-at>`, `<status>fine</status></feed>`, `</feeds></channel>`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	for target, want := range map[string]string{"feeds.csv": csvText, "feeds.xml": xmlText, "feeds.json": jsonText, "feeds": jsonText, "feeds.json?callback=fn": scriptText, "feeds/last.txt?callback=fn": plainText} {
		r := h.ask(t, "GET", "/channels/CHANNEL/"+target, "", "X-THINGSPEAKAPIKEY", "READKEY")
		if got := r.Header().Get("Content-Type"); got != want || r.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is %s, want %s", target, got, want)
		}
	}
	for _, bad := range []string{"feeds.xml", "feeds.csv", "status.json", "feeds/last_data_age.json"} {
		h.wants(t, "GET", "/channels/CHANNEL/"+bad, "", 400, "-1")
	}
}

func TestAnAccountMaySpeakXML(t *testing.T) {
	h := newHouse(t)
	w := h.ask(t, "POST", "/channels.xml?api_key=ACCOUNT&name=one&field1=Temp&tags=a", "")
	for _, want := range []string{"<channel><id type=\"integer\">", "<name>one</name>", "<field1>Temp</field1>", `<tags type="array"><tag>`, `<api-keys type="array"><api-key><api-key>`, `<write-flag type="boolean">true</write-flag>`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	if w := h.ask(t, "GET", "/channels.xml?api_key=ACCOUNT", ""); !strings.Contains(w.Body.String(), `<channels type="array"><channel>`) {
		t.Errorf("the list is %s", w.Body)
	}
	if w := h.ask(t, "GET", "/channels.xml", ""); w.Code != 401 || !strings.Contains(w.Body.String(), "<error-code>error_auth_required</error-code>") {
		t.Errorf("refused in the words %s", w.Body)
	}
}

func TestTheAgeOfTheLastEntry(t *testing.T) {
	h := newHouse(t)
	h.wants(t, "GET", "/channels/CHANNEL/feeds/last_data_age.json?api_key=READKEY", "", 200, "-1")
	h.wants(t, "GET", "/update?api_key=WRITEKEY&field1=1&created_at="+time.Now().UTC().Add(-2*time.Hour).Format(time.RFC3339), "", 200, "1")
	age := decoded(t, h.ask(t, "GET", "/channels/CHANNEL/fields/1/last_data_age.json?api_key=READKEY", "").Body)
	if s, err := strconv.Atoi(age["last_data_age"].(string)); err != nil || s < 7199 || s > 7260 || age["last_data_age_units"] != "s" {
		t.Errorf("%v", age)
	}
	h.wants(t, "GET", "/channels/CHANNEL/fields/2/last_data_age.json?api_key=READKEY", "", 200, "-1")
}

func TestReadingsAreGathered(t *testing.T) {
	h := newHouse(t)
	for i, v := range []string{"00:01:00=1", "00:04:00=2", "00:09:59=x", "00:10:00=10", "00:31:00=5"} {
		at, n, _ := strings.Cut(v, "=")
		h.wants(t, "GET", "/update?api_key=WRITEKEY&created_at=2026-01-01T"+at+"Z&field1="+n, "", 200, strconv.Itoa(i+1))
	}
	for query, want := range map[string]string{
		"average=10":                             "00:00=1.5 00:10=10 00:20=- 00:30=5",
		"sum=10":                                 "00:00=3 00:10=10 00:20=- 00:30=5",
		"median=30":                              "00:00=2 00:30=5",
		"timescale=10":                           "00:00=1 00:10=10 00:20=- 00:30=5",
		"average=60&round=1":                     "00:00=4.5",
		"sum=daily":                              "00:00=18",
		"sum=daily&offset=-1":                    "23:00=18", // the day before, there
		"average=7":                              "00:01=1 00:04=2 00:09=x 00:10=10 00:31=5",
		"average=10&min=2":                       "00:00=2 00:10=10 00:20=- 00:30=5",
		"timescale=10&results=2":                 "00:10=10 00:20=- 00:30=5",
		"average=10&start=2026-01-01%2000:10:00": "00:10=10 00:20=- 00:30=5",
	} {
		if !strings.Contains(query, "results") && !strings.Contains(query, "start") {
			query += "&results=8000"
		}
		var got []string
		feed := decoded(t, h.ask(t, "GET", "/channels/CHANNEL/fields/1.json?api_key=READKEY&"+query, "").Body)
		for _, row := range feed["feeds"].([]any) {
			r := row.(map[string]any)
			at, err := time.Parse(time.RFC3339, r["created_at"].(string))
			must(t, err)
			v, _ := r["field1"].(string)
			if v == "" {
				v = "-"
			}
			got = append(got, at.UTC().Format("15:04")+"="+v)
			if _, numbered := r["entry_id"]; numbered != strings.Contains(query, "average=7") {
				t.Errorf("%s: a gathered row has a number, or an entry none", query)
			}
		}
		want := strings.Replace(want, "23:00=18", "01:00=18", 1)
		if strings.Join(got, " ") != want {
			t.Errorf("%s gave %s, want %s", query, strings.Join(got, " "), want)
		}
	}
	h.wants(t, "GET", "/channels/CHANNEL/feeds/last_average.json?api_key=READKEY&average=60&results=8000", "", 200, `{"created_at":"2026-01-01T00:00:00Z","field1":"4.5","field2":null}`)
}
