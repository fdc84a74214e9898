package agentmgmt

import (
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"halfkey/devices/agents"
	"halfkey/iam/fault"
	"halfkey/migrations/dbtest"
)

// told fails when an error is none that the caller may hear.
func told(t *testing.T, err error) {
	t.Helper()
	if err != nil && fault.Of(err).Kind == fault.Internal {
		t.Fatal(err)
	}
}

func FuzzExchange(f *testing.F) {
	const good = "--o\nContent-Type:multipart/related;boundary=i\n\n--i\nContent-Type:" + metaType + "\n\n{\"payload\":{\"type\":\"standardTimeSeries\"}}\n\n--i\nContent-Type:application/json\n\n[]\n\r\n--i--\n--o--\n"
	for _, body := range []string{good, strings.ReplaceAll(good, "\n", "\r\n"), good[:60], "", "--o--", strings.Replace(good, "i", "o", -1), strings.Repeat("--o\n\n", 50)} {
		f.Add("multipart/mixed; boundary=o", body)
	}
	f.Add("multipart/mixed;boundary=X;charset=utf-8", good)
	f.Add("multipart/mixed; boundary=\"\"", good)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		tuples, err := parseExchange(contentType, []byte(body))
		told(t, err)
		for _, tuple := range tuples {
			_, err := parseReadings(tuple.content)
			told(t, err)
		}
	})
}

func FuzzReadings(f *testing.F) {
	for _, text := range []string{`[{"timestamp":"2026-11-22T00:00:00.000Z","values":[{"dataPointId":"a","qualityCode":"0","value":"1"}]}]`, `{"timestamp":"2026-11-22T00:00:00+0100","values":[]}`,
		`[{}]`, `[null]`, `{"values":[{"dataPointId":"a","value":{}}]}`, `[{"timestamp":"9999-99-99","values":null}]`, `7`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseReadings([]byte(text))
		told(t, err)
		for _, r := range list {
			if err == nil && (r.At.Before(earliest) || r.At.After(latest)) {
				t.Fatal(r.At)
			}
		}
	})
}

func FuzzEvent(f *testing.F) {
	for _, text := range []string{`{"entityId":"00000000000000000000000000000000","timestamp":"2026-11-22T00:00:00Z","severity":20,"x":{"y":1}}`, `{"severity":"a"}`, `null`, `[]`, `{"more":` + strings.Repeat("[", 100)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseEvent([]byte(text))
		told(t, err)
		if err == nil {
			if _, err := json.Marshal(eventOnWire(e)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzEventFilter(f *testing.F) {
	for _, text := range []string{`{"severity":20}`, `{"timestamp":{"between":"[2026-11-22T00:00:00Z,2026-11-23T00:00:00Z]"}}`, `{"timestamp":"2026-11-22T00:00:00Z"}`, `{"timestamp":{"after":7}}`, `{}`, `{"entityId":{"eq":"x"}}`, `{"a":{"b":{}}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := parseEventFilter(text)
		told(t, err)
	})
}

// Whatever comes through the doors, the answer is one that both clients know.
func FuzzDoors(f *testing.F) {
	d := open(f, dbtest.SQLite(f))
	d.Agents.Bounds = agents.Bounds{Tokens: 1 << 30, Renewals: 1 << 30, Calls: 1 << 30}
	o := d.made("press", agents.SharedSecret).board()
	access := o.token()
	for _, path := range []string{"/register", "/oauth/token", "/agents", "/agents/" + o.id, "/agents/" + o.id + "/dataSourceConfiguration", "/register/" + o.id} {
		f.Add("POST", management+path, "application/json", o.creds.RAT, `{"client_id":"`+o.id+`"}`)
		f.Add("PUT", management+path, formType, access, "grant_type=client_credentials&client_assertion="+o.config.IAT)
	}
	f.Add("PUT", filing+"/files/"+o.id+"/a%2fb?part=1", "", access, "x")
	f.Add("GET", filing+"/files/"+o.id+"/..%2f", "", access, "")
	f.Add("GET", management+"/agents?filter=%7B%22name%22%3A%7B%22eq%22%3A1%7D%7D", "", d.admin, "")
	f.Add("DELETE", connect+"/dataPointMappings/x", "", access, "")
	f.Add("POST", connect+"/dataPointMappings", "application/json", access, `{"agentId":"`+o.id+`"}`)
	f.Add("GET", "/tenants/x"+management+"/oauth/token_key", "", "", "")
	f.Fuzz(func(t *testing.T, method, target, contentType, bearer, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/api/") && !strings.HasPrefix(target, "/tenants/") {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", io.NopCloser(strings.NewReader(body)))
		r.Method, r.URL, r.RequestURI = method, u, target
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+bearer)
		switch w := d.serve(r); w.Code {
		case 200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 429:
		default:
			t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
	})
}
