package thingspeak

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// npmClient is the folder where npm's thingspeakclient lies. It is GPL-3.0 and
// never part of the repository: the first run on a machine fetches it.
func npmClient(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "halfkey-tests", "thingspeakclient-0.4.0")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "thingspeakclient")); err == nil {
		return dir
	}
	must(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	must(t, err)
	defer os.RemoveAll(fresh)
	npm := exec.Command("npm", "install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", "thingspeakclient@0.4.0")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm's thingspeakclient cannot be fetched (make deps installs node and npm): %v\n%s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Stat(dir); there != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The only npm client there is makes all its calls and is content.
func TestThePublishedNodeClientWorks(t *testing.T) {
	dir := npmClient(t)
	h := newHouse(t)
	must(t, h.db.Exec(`UPDATE channels SET public = TRUE WHERE id <> ?`, int64(h.id)).Error)
	h.ask(t, "POST", "/channels.json?api_key=ACCOUNT&name=open&public_flag=true", "")
	script, err := filepath.Abs("testdata/npm_client.js")
	must(t, err)
	node := exec.Command("node", "--no-deprecation", script, "http://"+h.addr, h.id.String(), h.writeKey, h.readKey, "simpsons")
	node.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	out, err := node.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var said map[string]struct {
		Error  string
		Answer json.RawMessage
	}
	must(t, json.Unmarshal(out, &said))
	for call, want := range map[string]string{
		"update": `"1"`, "update2": `"2"`, "last": `"field2":"9"`, "feeds": `"field1":"7"`, "field": `"field1":"8"`, "fieldLast": `"field1":"8"`,
		"status": `"status":"all is well"`, "public": `"name":"open"`, "user": `"login":"simpsons"`, "channels": `"name":"open"`, "refused": "-1",
	} {
		if got := said[call]; got.Error != "" || !strings.Contains(string(got.Answer), want) {
			t.Errorf("%s: %s %s, want %s in it", call, got.Error, got.Answer, want)
		}
	}
}

// Grafana's JSON and CSV data sources read from a browser's or the server's side.
func TestDashboardsRead(t *testing.T) {
	h := newHouse(t)
	now := time.Now().UTC().Truncate(time.Second)
	for i, v := range []string{"20", "21,5", "22"} {
		h.ask(t, "POST", "/update?api_key=WRITEKEY", "field1="+v+"&created_at="+now.Add(time.Duration(i-3)*time.Minute).Format(time.RFC3339))
	}
	get := func(target string) *http.Response {
		r, err := http.NewRequest("GET", "http://"+h.addr+h.fill(target), nil)
		must(t, err)
		r.Header.Set("Origin", "http://grafana.example")
		r.Header.Set("Accept", "application/json, text/plain, */*")
		res, err := http.DefaultClient.Do(r)
		must(t, err)
		t.Cleanup(func() { res.Body.Close() })
		if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%s: %s %v", target, res.Status, res.Header)
		}
		return res
	}
	span := "&start=" + now.Add(-time.Hour).Format("2006-01-02%2015:04:05") + "&end=" + now.Format("2006-01-02%2015:04:05")
	var feed struct {
		Channel struct{ Field1 string }
		Feeds   []map[string]any
	}
	must(t, json.NewDecoder(get("/channels/CHANNEL/feeds.json?api_key=READKEY"+span).Body).Decode(&feed))
	if len(feed.Feeds) != 3 || feed.Channel.Field1 != "Temperature" || feed.Feeds[1]["field1"] != "21,5" {
		t.Errorf("%+v", feed)
	}
	res := get("/channels/CHANNEL/feeds.csv?api_key=READKEY" + span)
	table, err := csv.NewReader(res.Body).ReadAll()
	must(t, err)
	if len(table) != 4 || strings.Join(table[0], " ") != "created_at entry_id field1 field2" || table[2][2] != "21,5" ||
		table[3][0] != now.Add(-time.Minute).Format("2006-01-02 15:04:05 UTC") || res.Header.Get("Content-Type") != csvText {
		t.Errorf("%v", table)
	}
}
