package web_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"halfkey/connectors/connectortest"
	"halfkey/migrations/dbtest"
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
	log         *strings.Builder
	t           *testing.T
}

// newFar has a thermometer of the household whose channel another Halfkey keeps.
func newFar(t *testing.T) *far {
	t.Helper()
	f := &far{there: newHosted(t), log: &strings.Builder{}, t: t}
	f.Simpsons = webtest.On(t, dbtest.SQLite(t), slog.NewTextHandler(f.log, nil)).Furnish(t)
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
	f.Marge.Get(t, f.channel).Wants(t, 200).Says(t, "Waiting")
	f.measures("21.5")
	f.Clock.Turn(time.Minute)
	tab, base := signedIn(t, f.Simpsons, "marge")
	goes(t, tab, base+f.channel, "#newest")
	waits(t, tab, says("21.5"))

	// A value that comes over there is here without anybody pressing anything.
	f.measures("23.7")
	f.Clock.Turn(15 * time.Second)
	f.Homer.Get(t, f.device).Wants(t, 200) // somebody else looks
	waits(t, tab, says("23.7"))
	waits(t, tab, "document.querySelector('figure') !== null")
	look(t, tab, "outside-live", base+f.channel)

	// The line breaks: what there was stays, and says how old it is.
	f.line.Fail(1, connectortest.Shut)
	f.Clock.Turn(14 * time.Minute)
	for range 40 { // a reading that was under way may still come through
		if strings.Contains(f.Homer.Get(t, f.device).Wants(t, 200).Body, "ThingSpeak does not answer") {
			break
		}
		time.Sleep(50 * time.Millisecond)
		f.Clock.Turn(15 * time.Second)
	}
	waits(t, tab, says("ThingSpeak does not answer"))
	waits(t, tab, says("next try at"))
	waits(t, tab, says("23.7"))
	look(t, tab, "outside-stale", base+f.channel)
	page := f.Homer.Get(t, f.device).Wants(t, 200).Says(t, "ThingSpeak does not answer", "Last read", "at ThingSpeak", "chart-line")
	f.Homer.Get(t, "/devices?view=cards").Wants(t, 200).Says(t, "As of")
	page.Silent(t, "Silent") // nobody knows whether it is

	// It is there again.
	f.measures("19.2")
	f.line.Calm()
	f.Clock.Turn(5 * time.Minute)
	f.Homer.Get(t, f.device).Wants(t, 200)
	waits(t, tab, says("19.2"))
	waits(t, tab, silent("does not answer"))
}

func TestAnOutsideChannelIsSeenByWhoMayReadItsDevice(t *testing.T) {
	f := newFar(t)
	ned := flanders(t, f.Simpsons)
	f.measures("21.5")
	f.shows(f.Marge, f.channel, "21.5")
	for _, page := range []string{"", "/data", "/readings.csv"} {
		ned.Get(t, f.channel+page).Wants(t, 404).Silent(t, "21.5", "ThingSpeak")
	}
	f.Browser(t).Get(t, f.channel).Wants(t, 303)
	f.Marge.Get(t, f.channel+"/readings.csv").Wants(t, 200).Says(t, ",1,21.5,")
	f.Marge.Get(t, f.channel).Silent(t, "/import")
	link := f.Marge.Post(t, f.channel+"/embeds", "label", "Club's website", "range", "24h").Wants(t, 200).Find(t, `(/embed/[A-Za-z0-9_-]{43})`)
	f.Browser(t).Get(t, link).Wants(t, 200).Says(t, "21.5")

	// It is moved to the plant, which Marge does not see.
	f.Homer.Post(t, f.device+"/move", "to", string(f.Plant)).Wants(t, 303)
	f.Marge.Get(t, f.channel).Wants(t, 404)
	f.Browser(t).Get(t, link).Wants(t, 410)
	f.Homer.Get(t, f.channel).Wants(t, 200).Says(t, "21.5")
	var place string
	if f.DB.Raw("SELECT org_id FROM channels WHERE source = 'copy'").Scan(&place); place != string(f.Plant) {
		t.Errorf("the copy lies in %s", place)
	}
	// It goes: what it measured stays with its history.
	f.Homer.Post(t, f.device+"/offboard", "serial", "74743827350").Wants(t, 303)
	f.Homer.Get(t, f.device).Wants(t, 200).Says(t, "21.5", "Offboarded")
}

func TestTheReadKeyOfAServiceOutsideIsShownOnTheRecord(t *testing.T) {
	f := newFar(t)
	f.measures("21.5")
	id := strings.TrimPrefix(f.channel, "/c/")
	f.Marge.Get(t, "/k").Wants(t, 200).Says(t, "Channel "+f.number+" at ThingSpeak", "the same for everybody").Silent(t, f.read)
	f.Marge.Post(t, "/k/"+id).Wants(t, 200).Says(t, f.read, f.line.URL+"/channels/"+f.number+"/feeds/last.json?api_key=…")
	f.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "Marge").Silent(t, f.read)
	f.Homer.Post(t, f.device+"/read-key").Wants(t, 200).Says(t, f.read)
	f.Homer.Post(t, f.device+"/read-keys", "label", "Grafana").Wants(t, 409).Says(t, "has no read key")
	if err := f.DB.Exec("UPDATE projections SET read_key_sealed = NULL").Error; err != nil {
		t.Fatal(err)
	}
	f.Marge.Post(t, "/k/"+id).Wants(t, 409).Says(t, "has no read key").Silent(t, f.write)
}

func TestASilentDeviceIsToldFromAServiceThatShowsNothing(t *testing.T) {
	f := newFar(t)
	f.measures("21.5")
	f.shows(f.Homer, f.device, "21.5")
	f.Clock.Turn(2 * time.Hour)
	f.shows(f.Homer, f.device, "Why is it silent?").Silent(t, "does not show them")
	if err := f.there.db.Exec("DELETE FROM channel_keys WHERE kind = 'read'").Error; err != nil {
		t.Fatal(err)
	}
	f.Clock.Turn(time.Minute)
	f.shows(f.Homer, f.device, "The service that keeps the values does not show them")
	f.shows(f.Homer, f.device, "ThingSpeak refuses the channel&#39;s key") // the reading may have come back while that page was drawn
}

// Neither in a page or an address of ours nor in a log or a file does a key stand,
// whatever goes wrong, and none in an address that is asked.
func TestNoKeyOfAServiceOutsideStandsAnywhere(t *testing.T) {
	f := newFar(t)
	keys := []string{f.read, f.write, f.there.account}
	f.measures("21.5")
	f.shows(f.Marge, f.channel, "21.5")
	tour := func() {
		t.Helper()
		for _, page := range []string{"/", "/c", f.channel, f.channel + "/data", f.device, "/devices", "/devices?view=cards", "/k", "/keys", "/activity", "/connectors?org=" + string(f.Household), "/events?page=device&id=none"} {
			for _, b := range []*webtest.Browser{f.Homer, f.Marge} {
				b.Get(t, page).Silent(t, keys...)
			}
		}
	}
	tour()
	for _, fault := range []connectortest.Fault{connectortest.Garbage, connectortest.Cut, connectortest.TooMany, connectortest.Shut} {
		f.line.Fail(1, fault)
		f.Clock.Turn(10 * time.Minute)
		f.shows(f.Homer, f.device, "Last read")
		tour()
	}
	f.Desk.Stop()
	log := f.log.String()
	for _, key := range keys {
		if strings.Contains(log, key) {
			t.Error("a key stands in the log")
		}
		for _, asked := range f.line.Asked() {
			if strings.Contains(asked, key) && !strings.HasPrefix(asked, "GET /channels.json?") {
				t.Errorf("a key stands in the address %s", asked)
			}
		}
	}
	if !strings.Contains(log, "does not do what it is asked") {
		t.Error("the log says nothing of the trouble")
	}
}
