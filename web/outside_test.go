package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"halfkey/connectors/connectortest"
	"halfkey/web/webtest"
)

// A far device is one whose channel is at a service outside, behind a line that
// can break.
type far struct {
	*webtest.Simpsons
	there       *hosted
	line        *connectortest.Proxy
	channel     string // its page
	device      string // its page
	number      string // over there
	write, read string // its keys there
	t           *testing.T
}

// newFar has a thermometer of the household whose channel another Halfkey keeps.
func newFar(t *testing.T) *far {
	t.Helper()
	f := &far{Simpsons: furnished(t), there: newHosted(t), t: t}
	f.line = connectortest.NewProxy(t, f.there.url)
	f.Homer.Post(t, "/connectors?org="+string(f.Household), "service", "thingspeak", "name", "Hosted", "base_url", f.line.URL, "account_key", f.there.account, "channels", "4", "do", "open").Wants(t, 303)
	calls(t, f.Simpsons, "74743827350")
	f.there.holds(t, 1)
	var id, device string
	for range 200 {
		if f.DB.Raw("SELECT d.channel_id FROM devices d JOIN projections p ON p.id = d.channel_id WHERE p.state = 'ready'").Scan(&id); id != "" {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	f.DB.Raw("SELECT id FROM devices WHERE channel_id = ?", id).Scan(&device)
	f.channel, f.device = "/c/"+id, "/devices/"+device
	res, err := http.Get(f.there.url + "/channels.json?api_key=" + f.there.account)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var all []struct {
		ID   int `json:"id"`
		Keys []struct {
			Key string `json:"api_key"`
		} `json:"api_keys"`
	}
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil || len(all) != 1 || len(all[0].Keys) != 2 {
		t.Fatal(all, err)
	}
	f.number, f.write, f.read = strconv.Itoa(all[0].ID), all[0].Keys[0].Key, all[0].Keys[1].Key
	return f
}

// measures writes a value over there, past our line.
func (f *far) measures(value string) {
	f.t.Helper()
	res, err := http.PostForm(f.there.url+"/update", url.Values{"api_key": {f.write}, "field1": {value}})
	if err != nil {
		f.t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != 200 {
		f.t.Fatal(res.Status)
	}
}

// shows looks at a page until it says what it should.
func (f *far) shows(b *webtest.Browser, page, text string) webtest.Page {
	f.t.Helper()
	for range 100 {
		if p := b.Get(f.t, page).Wants(f.t, 200); strings.Contains(p.Body, text) {
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	return b.Get(f.t, page).Says(f.t, text)
}

func TestMargeSeesWhatAServiceOutsideKeeps(t *testing.T) {
	f := newFar(t)
	f.measures("21.5")
	f.Marge.Get(t, f.channel).Wants(t, 200).Says(t, "21.5", "Temperature", "74743827350")
}
