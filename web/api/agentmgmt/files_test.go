package agentmgmt

import (
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"halfkey/devices/agents"
	"halfkey/devices/devicestest"
	"halfkey/migrations/dbtest"
)

func (o *onboarded) put(access, path, content string, headers ...string) reply {
	r := httptest.NewRequest("PUT", filing+"/files/"+o.id+"/"+path, strings.NewReader(content))
	r.Header.Set("Authorization", "Bearer "+access)
	r.Header.Set("Content-Type", "application/octet-stream")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return o.d.serve(r)
}

func TestFilesComeWholeAndInParts(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	access := o.token()
	get := func(path string) string {
		return d.send("GET", filing+"/files/"+o.id+"/"+path, access, nil).Body.String()
	}
	if r := o.put(access, "a%20b/c.txt", "one", "type", "text/plain", "description", "first", "timestamp", wireTime(d.Now())).wants(t, 201); r.Header().Get("ETag") != "1" {
		t.Error(r.Header())
	}
	o.put(access, "a%20b/c.txt", "two", "If-Match", "1").wants(t, 200)
	o.put(access, "a%20b/c.txt", "three", "If-Match", "1").says(t, 412, "changed")
	if got := get("a%20b/c.txt"); got != "two" {
		t.Error(got)
	}
	for _, step := range []string{"big?upload=start", "big?part=2", "big?part=1"} {
		o.put(access, step, step[len(step)-1:]).wants(t, 200)
	}
	o.put(access, "big?upload=complete", "3").wants(t, 201)
	if got := get("big"); got != "123" {
		t.Error(got)
	}
	o.put(access, "gap?part=2", "x").wants(t, 200)
	o.put(access, "gap?upload=complete", "").says(t, 400, "1 has not come")
	o.put(access, "gap?upload=abort", "").wants(t, 200)
	o.put(access, "gap?upload=complete", "").says(t, 400, "no part")
	o.put(access, "gap?part=0", "x").says(t, 400, "part")
	o.put(access, "gap?part=x", "x").says(t, 400, "part")
	o.put(access, "gap?upload=sideways", "x").says(t, 400, "upload")
	o.put(access, "gap?part=1", strings.Repeat("x", agents.PartMost+1)).says(t, 413, "large")
	for _, path := range []string{"..%2Fetc", "a/../b", "%2e%2e/x", "a//b", "a%00b", "%2Fabs", strings.Repeat("x", 513), "a%5Cb", "%zz", "."} {
		u, err := url.Parse("http://x" + filing + "/files/" + o.id + "/" + path)
		if err != nil {
			continue // no client can send it
		}
		r := httptest.NewRequest("PUT", "/", strings.NewReader("x"))
		r.URL = u
		r.Header.Set("Authorization", "Bearer "+access)
		d.serve(r).says(t, 400, "path")
	}
	var list []wireFile
	d.send("GET", filing+"/files/"+o.id, access, nil).wants(t, 200).into(t, &list)
	if len(list) != 2 || list[0].Path != "a b" || list[0].Name != "c.txt" || list[1].Size != 3 {
		t.Errorf("%+v", list)
	}
	d.send("DELETE", filing+"/files/"+o.id+"/big", access, nil).wants(t, 204)
	d.send("GET", filing+"/files/"+o.id+"/big", access, nil).says(t, 404, "")
}

// The same content is on disk once, and goes when nobody has it any more.
func TestContentsAreSharedAndSweptAway(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	d.Clock.Pass(time.Since(d.Now())) // files are as old as they are
	d.again()
	count := func() (n int) {
		filepath.WalkDir(d.Agents.Files.Dir, func(_ string, e os.DirEntry, _ error) error {
			if e != nil && !e.IsDir() {
				n++
			}
			return nil
		})
		return n
	}
	one, two := d.made("one", agents.SharedSecret).board(), d.made("two", agents.SharedSecret).board()
	one.put(one.token(), "same", "content").wants(t, 201)
	two.put(two.token(), "same%20too", "content").wants(t, 201)
	if count() != 1 {
		t.Fatalf("%d contents", count())
	}
	d.send("DELETE", filing+"/files/"+one.id+"/same", d.admin, nil).wants(t, 204)
	sweep := func() {
		d.Clock.Pass(2 * devicestest.Day)
		for range 256 {
			d.Clock.Pass(10 * 60e9)
			must(t, d.Agents.Sweep(t.Context()))
		}
	}
	sweep()
	if count() != 1 {
		t.Fatal("a content that somebody has is gone")
	}
	d.again()
	d.send("DELETE", filing+"/files/"+two.id+"/same%20too", d.admin, nil).wants(t, 204)
	sweep()
	if count() != 0 {
		t.Fatal("a content that nobody has stays")
	}
}

func TestEventsAreToldAndFound(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o, other := d.made("press", agents.SharedSecret).board(), d.made("other", agents.SharedSecret).board()
	access := o.token()
	event := func(entity, more string) reply {
		return d.send("POST", eventing+"/events", access, `{"entityId":"`+entity+`","timestamp":"`+wireTime(d.Now())+`","source":"press","sourceType":"Event","sourceId":"p1"`+more+`}`)
	}
	var made map[string]any
	event(o.id, `,"severity":20,"description":"hot","colour":"red"`).wants(t, 201).into(t, &made)
	if made["id"] == "" || made["colour"] != "red" || made["description"] != "hot" {
		t.Errorf("%v", made)
	}
	event(o.id, `,"severity":30`).wants(t, 201)
	event(other.id, "").says(t, 403, "")
	event("x", "").says(t, 400, "entityId")
	event(o.id, `,"severity":-1`).says(t, 400, "severity")
	event(o.id, `,"description":"`+strings.Repeat("x", 2049)+`"`).says(t, 400, "description")
	d.send("POST", eventing+"/events", access, `{"entityId":"`+o.id+`"}`).says(t, 400, "timestamp")
	d.send("POST", eventing+"/events", access, `[`).says(t, 400, "JSON")
	get := func(bearer, query string) int {
		t.Helper()
		var found struct {
			Page struct{ TotalElements int }
		}
		d.send("GET", eventing+"/events?"+query, bearer, nil).wants(t, 200).into(t, &found)
		return found.Page.TotalElements
	}
	filter := func(f string) string { return "filter=" + url.QueryEscape(f) }
	hour := wireTime(d.Now().Add(-3600e9))
	for query, want := range map[string]int{
		"": 2, filter(`{"severity":20}`): 1, filter(`{"severity":{"eq":30},"source":"press"}`): 1, filter(`{"source":"other"}`): 0,
		filter(`{"timestamp":{"after":"` + hour + `"}}`): 2, filter(`{"timestamp":{"before":"` + hour + `"}}`): 0,
		filter(`{"timestamp":{"between":"[` + hour + "," + wireTime(d.Now()) + `]"}}`): 2, "size=1&page=1&sort=timestamp,asc": 2,
		filter(`{"entityId":"` + o.id + `"}`): 2,
	} {
		if got := get(access, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if get(other.token(), "") != 0 || get(d.admin, filter(`{"entityId":"`+o.id+`"}`)) != 2 {
		t.Error("somebody sees too much, or too little")
	}
	d.send("GET", eventing+"/events?"+filter(`{"entityId":"`+other.id+`"}`), access, nil).says(t, 403, "")
	for _, f := range []string{`{`, `{"colour":"red"}`, `{"timestamp":{"around":"noon"}}`, `{"severity":"high"}`, `{"entityId":7}`} {
		d.send("GET", eventing+"/events?"+filter(f), access, nil).says(t, 400, "filter")
	}
	d.send("GET", eventing+"/events/"+made["id"].(string), access, nil).wants(t, 200)
	d.send("GET", eventing+"/events/"+made["id"].(string), other.token(), nil).says(t, 404, "")
	d.Clock.Pass(8 * devicestest.Day)
	o.renewed()
	if get(o.token(), "") != 0 {
		t.Error("a list that names no time goes back further than a week")
	}
}
