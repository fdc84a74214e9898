package thingspeak

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAChannelIsCarriedFromOneStoreToAnother(t *testing.T) {
	h := newHouse(t)
	for _, v := range []string{"1&created_at=2026-01-01T00:00:00Z", "%3D2,5&created_at=2026-01-01T00:00:01Z&status=fine", "3&created_at=2026-02-01T00:00:00Z"} {
		h.ask(t, "POST", "/update?api_key=WRITEKEY&field1="+v, "")
	}
	get := func(path string) string {
		res, err := http.Get("http://" + h.addr + h.fill(path))
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %s", path, res.Status)
		}
		return string(body)
	}
	csv := get("/channels/CHANNEL/export.csv?api_key=READKEY")
	if want := "created_at,entry_id,field1,field2,latitude,longitude,elevation,status\n2026-01-01 00:00:00 UTC,1,1,,,,,\n2026-01-01 00:00:01 UTC,2,\"=2,5\",,,,,fine\n2026-02-01 00:00:00 UTC,3,3,,,,,\n"; csv != want {
		t.Errorf("the export is\n%s", csv)
	}
	if got := get("/channels/CHANNEL/export.ndjson?api_key=READKEY&start=2026-01-01T00:00:01Z&end=2026-01-31"); got != `{"created_at":"2026-01-01T00:00:01Z","entry_id":2,"field1":"=2,5","field2":null,"latitude":null,"longitude":null,"elevation":null,"status":"fine"}`+"\n" {
		t.Errorf("as lines %s", got)
	}
	h.wants(t, "GET", "/channels/CHANNEL/export.csv", "", 400, "-1")
	other := decoded(t, h.ask(t, "POST", "/channels.json?api_key=ACCOUNT&name=other&field1=Temp", "").Body)
	key := other["api_keys"].([]any)[0].(map[string]any)["api_key"].(string)
	list := h.ask(t, "GET", "/channels.json?api_key=ACCOUNT", "").Body.String()
	id := list[strings.Index(list, `"id":`)+5 : strings.Index(list, `,"name"`)]
	h.wants(t, "POST", "/channels/"+id+"/import.csv?api_key="+key, csv, 200, `{"stored":3,"there_already":0,"bad":0,"lines":[]}`)
	h.wants(t, "POST", "/channels/"+id+"/import.csv?api_key="+key, csv, 200, `{"stored":0,"there_already":3,"bad":0,"lines":[]}`)
	h.wants(t, "GET", "/channels/"+id+"/fields/1/2.txt?api_key="+key, "", 200, "=2,5")
	bad := csv + "tomorrow,4,4\n2026-03-01 00:00:00 UTC,5,5\n"
	h.wants(t, "POST", "/channels/"+id+"/import.csv?api_key="+key, bad, 422, `{"stored":0,"there_already":0,"bad":1,"lines":[{"line":5,"why":"\"tomorrow\" is no time"}],"error":"Some lines cannot be read, so nothing was imported."}`)
	h.wants(t, "POST", "/channels/"+id+"/import.csv?api_key="+key+"&keep=true", bad, 200, `{"stored":1,"there_already":3,"bad":1,"lines":[{"line":5,"why":"\"tomorrow\" is no time"}]}`)
	for _, wrong := range []string{"READKEY", "WRITEKEY", "ACCOUNT", "x"} {
		if w := h.ask(t, "POST", "/channels/"+id+"/import.csv?api_key="+wrong, csv); w.Code != 401 {
			t.Errorf("with %s: %d", wrong, w.Code)
		}
	}
}
