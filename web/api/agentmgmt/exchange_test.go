package agentmgmt

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/devices/agents"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// points is a configuration with one source of these points, all numbers.
func points(ids ...string) agents.Sources {
	c := agents.Sources{Config: "c1", Sources: []agents.Source{{Name: "Press"}}}
	for _, id := range ids {
		c.Sources[0].Points = append(c.Sources[0].Points, agents.Point{ID: id, Name: "point " + id, Type: "DOUBLE", Unit: "°C"})
	}
	return c
}

func (o *onboarded) configure(t *testing.T, c any, etag string) reply {
	t.Helper()
	return o.d.send("PUT", o.at("/dataSourceConfiguration"), o.token(), c, "If-Match", etag)
}

// post sends a message as the C client does: CRLF, and no last one.
func (o *onboarded) post(access, kind, content string) reply {
	body := strings.ReplaceAll(`--outer
Content-Type: multipart/related;boundary=inner

--inner
Content-Type: application/vnd.siemens.mindsphere.meta+json

{"type":"item","version":"1.0","payload":{"type":"`+kind+`","version":"1.0","details":{"configurationId":"c1"}}}
--inner
Content-Type: application/json

`+content+`
--inner--

--outer--`, "\n", "\r\n")
	return o.message(access, "multipart/mixed;boundary=outer;charset=utf-8", body)
}

func (o *onboarded) message(access, contentType, body string) reply {
	r := httptest.NewRequest("POST", connect+"/exchange", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+access)
	r.Header.Set("Content-Type", contentType)
	return o.d.serve(r)
}

func at0(at time.Time, values ...string) string {
	var list []string
	for i := 0; i+1 < len(values); i += 2 {
		list = append(list, `{"dataPointId":"`+values[i]+`","qualityCode":"0","value":"`+values[i+1]+`"}`)
	}
	return `{"timestamp":"` + wireTime(at) + `","values":[` + strings.Join(list, ",") + `]}`
}

// Nine points are more than one channel takes; values go where their points are,
// and stay there when the configuration changes.
func TestSourcesMakeChannels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		o := d.made("press", agents.RSA3072)
		o.likeC = true
		o.board()
		access := o.token()
		var s agents.Sources
		d.send("GET", o.at("/dataSourceConfiguration"), access, nil).wants(t, 200).into(t, &s)
		if s.ETag != "0" || s.Sources == nil || len(s.Sources) != 0 {
			t.Errorf("%+v", s)
		}
		o.configure(t, points("a", "b", "c", "d", "e", "f", "g", "h", "i"), "0").wants(t, 200).into(t, &s)
		if s.ETag != "1" || s.Sources[0].Points[8].Unit != "°C" {
			t.Errorf("%+v", s)
		}
		now := d.Now()
		o.post(access, "standardTimeSeries", "["+at0(now, "a", "1.5", "i", "9")+","+at0(now.Add(time.Millisecond), "a", "1.6")+"]").wants(t, 200)
		o.post(access, "standardTimeSeries", "["+at0(now, "a", "1.5", "b", "2")+"]").wants(t, 200) // once more, and the rest
		// Other points, in another order; a and i stay where they are.
		o.configure(t, points("i", "x", "a"), "1").wants(t, 200)
		o.post(access, "standardTimeSeries", "["+at0(now.Add(time.Second), "a", "1.7", "i", "10", "x", "3")+"]").wants(t, 200)
		o.post(access, "standardTimeSeries", "["+at0(now, "b", "1")+"]").says(t, 400, "dataPointId")
		v, err := d.Agents.Get(as(d), agents.ID(o.id))
		must(t, err)
		own, _ := channels.ParseID(v.Channel)
		rows, err := d.Channels.Feed(t.Context(), own, channels.Query{})
		must(t, err)
		if len(rows) != 3 || *rows[0].Fields[0] != "1.5" || *rows[0].Fields[1] != "2" || *rows[1].Fields[0] != "1.6" || *rows[2].Fields[0] != "1.7" {
			t.Fatalf("%+v", rows)
		}
		more, err := d.MoreChannels(d.DB, v.Device)
		must(t, err)
		if len(more) != 1 {
			t.Fatalf("%d channels beside its own", len(more))
		}
		second, _ := channels.ParseID(more[0])
		rows, err = d.Channels.Feed(t.Context(), second, channels.Query{})
		must(t, err)
		c, err := d.Channels.Find(t.Context(), second)
		must(t, err)
		if len(rows) != 2 || *rows[1].Fields[0] != "10" || *rows[1].Fields[1] != "3" || c.Fields[0].Name != "point i" || c.Fields[0].Unit != "°C" || c.Name != "press · Press 2" {
			t.Fatalf("%+v %+v", rows, c)
		}
		// The same thing under other ids goes on in its line.
		again := points("new a")
		again.Sources[0].Points[0].Name = "point a"
		o.configure(t, again, "2").wants(t, 200)
		o.post(access, "standardTimeSeries", at0(now.Add(2*time.Second), "new a", "1.8")).wants(t, 200)
		if last, err := d.Channels.Last(t.Context(), own, 1); err != nil || *last.Fields[0] != "1.8" {
			t.Errorf("%+v %v", last, err)
		}
	})
}

func TestABadConfigurationIsToldWhatAndWhere(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	change := func(do func(*agents.Sources)) agents.Sources {
		c := points("a", "b")
		do(&c)
		return c
	}
	for field, body := range map[string]any{
		"configurationId": change(func(c *agents.Sources) { c.Config = "" }),
		"dataSources[0].dataPoints[1].id: is there twice": change(func(c *agents.Sources) { c.Sources[0].Points[1].ID = "a" }),
		"dataSources[0].dataPoints[0].type":               change(func(c *agents.Sources) { c.Sources[0].Points[0].Type = "FLOAT" }),
		"dataSources[0].name":                             change(func(c *agents.Sources) { c.Sources[0].Name = "" }),
		"dataPoints[0].customData": change(func(c *agents.Sources) {
			c.Sources[0].Points[0].CustomData = map[string]string{"1": "", "2": "", "3": "", "4": "", "5": "", "6": ""}
		}),
		"dataPoints[0].name": change(func(c *agents.Sources) { c.Sources[0].Points[0].Name = "a\x00" }),
		"JSON":               `{"dataSources":7}`,
	} {
		o.configure(t, body, "0").says(t, 400, field)
	}
	many := make([]string, agents.PointsMost+1)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	o.configure(t, points(many...), "0").says(t, 400, "more than 1000")
	o.configure(t, points("a"), "1").says(t, 412, "")
	o.configure(t, points("a"), "0").wants(t, 200)
	o.configure(t, points("a"), "0").says(t, 412, "") // as after another boarding
	o.configure(t, points("a"), "x").says(t, 400, "If-Match")
}

func TestABadMessageIsToldWhatAndWhere(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	o.configure(t, points("a"), "0").wants(t, 200)
	access, now := o.token(), d.Now()
	good := "[" + at0(now, "a", "1") + "]"
	for name, c := range map[string]struct {
		r    reply
		says string
	}{
		"half a message":     {o.message(access, "multipart/mixed;boundary=outer", "--outer\r\nContent-Type: multipart/related;boundary=i\r\n\r\n--i\r\n"), "multipart"},
		"no boundary":        {o.message(access, "multipart/mixed", "x"), "Content-Type"},
		"JSON":               {o.message(access, "application/json", good), "Content-Type"},
		"nothing in it":      {o.message(access, "multipart/mixed;boundary=outer", ""), "part"},
		"an unknown kind":    {o.post(access, "surprise", good), "payload.type"},
		"no JSON":            {o.post(access, "standardTimeSeries", "{"), "timeSeries"},
		"no time":            {o.post(access, "standardTimeSeries", `[{"timestamp":"yesterday","values":[]}]`), "[0].timestamp"},
		"no point":           {o.post(access, "standardTimeSeries", `[{"timestamp":"`+wireTime(now)+`","values":[{"value":"1"}]}]`), "values[0]"},
		"an unknown point":   {o.post(access, "standardTimeSeries", "["+at0(now, "z", "1")+"]"), "values[0].dataPointId"},
		"no number":          {o.post(access, "standardTimeSeries", "["+at0(now, "a", "warm")+"]"), "values[0].value"},
		"a null":             {o.post(access, "standardTimeSeries", `[{"timestamp":"`+wireTime(now)+`","values":[{"dataPointId":"a","value":null}]}]`), "values[0]"},
		"the time of Noah":   {o.post(access, "standardTimeSeries", "["+at0(now.AddDate(-4000, 0, 0), "a", "1")+"]"), "timestamp"},
		"one wrong of three": {o.post(access, "standardTimeSeries", "["+at0(now, "a", "1")+","+at0(now, "a", "2")+","+at0(now, "z", "3")+"]"), "[2].values[0]"},
	} {
		t.Run(name, func(t *testing.T) { c.r.says(t, 400, c.says) })
	}
	o.message(access, "multipart/mixed;boundary=outer", strings.Repeat("x", exchangeMost+1)).says(t, 413, "larger")
	v, _ := d.Agents.Get(as(d), agents.ID(o.id))
	own, _ := channels.ParseID(v.Channel)
	if rows, _ := d.Channels.Feed(t.Context(), own, channels.Query{}); len(rows) != 0 {
		t.Errorf("something of what was refused is stored: %+v", rows)
	}
	o.post(access, "standardTimeSeries", `[{"timestamp":"`+wireTime(now)+`","values":[{"dataPointId":"a","value":21,"qualityCode":64}]}]`).wants(t, 200)
	if row, err := d.Channels.Last(t.Context(), own, 0); err != nil || *row.Fields[0] != "21" || *row.Status != "quality of field 1: 64" {
		t.Errorf("%+v %v", row, err)
	}
}

// The C client sends everything by messages, several in one.
func TestEverythingComesInMessagesToo(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.RSA3072)
	o.likeC = true
	o.board()
	access := o.token()
	o.post(access, "dataSourceConfiguration", `{"configurationId":"c1","dataSources":[{"name":"Press","dataPoints":[{"id":"a","name":"A","type":"INT","unit":""}]}]}`).wants(t, 200)
	o.post(access, "businessEvent", `[{"timestamp":"`+wireTime(d.Now())+`","severity":"20","description":"hot","details":{"oil":90}}]`).wants(t, 200)
	part := func(kind, details, content string) string {
		return "--outer\r\nContent-Type: multipart/related;boundary=i\r\n\r\n--i\r\nContent-Type: " + metaType + "\r\n\r\n" + fmt.Sprintf(`{"type":"item","payload":{"type":%q,"details":%s}}`, kind, details) +
			"\r\n--i\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n--i--\r\n"
	}
	o.message(access, "multipart/mixed;boundary=outer", part("file", `{"fileName":"log/a.txt","creationDate":"`+wireTime(d.Now())+`","fileType":"txt"}`, "text")+
		part("standardTimeSeries", "{}", "["+at0(d.Now(), "a", "7")+"]")+"--outer--").wants(t, 200)
	if r := d.send("GET", filing+"/files/"+o.id+"/log/a.txt", access, nil).wants(t, 200); r.Body.String() != "text" || r.Header().Get("Content-Disposition") != "attachment" {
		t.Error(r.Body, r.Header())
	}
	var found struct {
		Embedded struct{ Events []map[string]any } `json:"_embedded"`
	}
	d.send("GET", eventing+"/events", access, nil).wants(t, 200).into(t, &found)
	if len(found.Embedded.Events) != 1 || found.Embedded.Events[0]["severity"] != 20.0 || found.Embedded.Events[0]["details"].(map[string]any)["oil"] != 90.0 {
		t.Errorf("%+v", found)
	}
}
