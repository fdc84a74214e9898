package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

// TestSecrets lets the demo tell the whole story, collects every secret that anybody
// was handed in it, and looks for each where none may be.
func TestSecrets(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := startAs(t, []string{"DATA=" + data, "LOG_LEVEL=debug"}, "serve", "--demo", "--data", data)
	p.says(t, "Ctrl-C ends the demo")
	secrets := map[string]string{}

	for _, who := range []string{"homer@simps.net", "marge@simps.net", "bart@simps.net", "frink@simps.net"} {
		secrets["password of "+who] = p.password(t, who)
	}
	thermometers, err := filepath.Glob(filepath.Join(data, "thermometers", "*.json"))
	if err != nil || len(thermometers) != 5 {
		t.Fatal(thermometers, err)
	}
	waiting := 0 // at the door, for Homer's word: it has a key and nothing else yet
	for _, f := range thermometers {
		state, err := client.FileStore{Path: f}.Load()
		if err != nil {
			t.Fatal(err)
		}
		key, err := wire.ParseKey(state.Key)
		if err != nil {
			t.Fatal(err)
		}
		serial := string(state.Serial)
		secrets["second half of "+serial] = key.Second.Reveal()
		secrets["first half of "+serial] = key.First
		// What a stranger may do with a first half.
		http.Get(p.url("/ws/iot/devices/" + serial + "?key=" + key.First))
		http.Get(p.url("/ws/iot/devices/" + serial + "?key=" + key.Typed()))
		if state.Current == nil {
			waiting++
			continue
		}
		secrets["write key of "+serial] = state.Current.Channel.WriteKey
		if s := state.Current.Device.Secret; s != "" {
			secrets["device secret of "+serial] = s
		}
		http.Get("http://" + p.thingspeak + "/update?field1=1&api_key=" + state.Current.Channel.WriteKey)
		http.Get("http://" + p.thingspeak + "/nowhere?api_key=" + state.Current.Channel.WriteKey)
	}
	if waiting != 1 {
		t.Errorf("%d thermometers wait at the door", waiting)
	}

	homer := newBrowser(t)
	homer.signIn(p, "homer@simps.net", secrets["password of homer@simps.net"])
	secrets["Homer's session"] = homer.cookie(p)
	household := regexp.MustCompile(`/\?org=([0-9a-z]{20})">Household`).FindStringSubmatch(homer.page(p.url("/orgs")))
	if household == nil {
		t.Fatal("no Household")
	}
	_, invited := homer.post(p.url("/people/invite"), url.Values{"org": {household[1]}, "email": {"lisa@simps.net"}, "role": {"member"}})
	link := regexp.MustCompile(`/i/([A-Za-z0-9_-]{20,})`).FindStringSubmatch(invited)
	if link == nil {
		t.Fatalf("no invitation:\n%s", invited)
	}
	secrets["Lisa's invitation"] = link[1]
	channel := regexp.MustCompile(`/k/(\d+)`).FindStringSubmatch(homer.page(p.url("/k")))
	if channel == nil {
		t.Fatal("no channel to read")
	}
	_, shown := homer.post(p.url("/k/"+channel[1]), url.Values{})
	readKey := regexp.MustCompile(`\b[0-9A-Z]{16}\b`).FindString(shown)
	if readKey == "" {
		t.Fatalf("no read key:\n%s", shown)
	}
	secrets["Homer's read key"] = readKey
	http.Get("http://" + p.thingspeak + "/channels/" + channel[1] + "/feeds.json?api_key=" + readKey)

	// Pages of errors, with the secrets in the question.
	var errors []string
	stranger := newBrowser(t)
	for name, s := range secrets {
		for _, at := range []string{"/devices/" + s, "/i/" + s, "/problems/" + s, "/k?key=" + s, "/ws/iot/devices/1?key=" + s, "/v1/devices/" + s + "/registrations", "/setup?code=" + s} {
			for _, b := range []*browser{homer, stranger} {
				status, text := b.get(p.url(at))
				if status >= 400 {
					errors = append(errors, text)
				}
			}
		}
		_, text := stranger.post(p.url("/login"), url.Values{"email": {"x@simps.net"}, "password": {s}})
		if strings.Contains(text, s) {
			t.Errorf("the sign-in page repeats what was typed as %s", name)
		}
	}

	metrics := get(t, "http://"+p.metrics+"/metrics")
	p.says(t, "Ctrl-C ends the demo")
	places := map[string]string{"an error page": strings.Join(errors, "\n"), "the metrics": metrics, "the log": p.log()}
	addFiles(t, places, data) // while it runs: with the WAL
	p.stop(t)
	addFiles(t, places, data)
	for place, text := range places {
		for name, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s is in %s", name, place)
			}
		}
	}
	t.Logf("%d secrets looked for in %d places", len(secrets), len(places))
}

func addFiles(t *testing.T, places map[string]string, data string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.IsDir() {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		places[filepath.Base(f)] += string(text)
	}
}

func get(t *testing.T, at string) string {
	t.Helper()
	res, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	return string(text)
}

func (b *browser) page(at string) string {
	b.t.Helper()
	status, text := b.get(at)
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d\n%s", at, status, text)
	}
	return text
}

func (b *browser) cookie(p *process) string {
	at, _ := url.Parse(p.url("/"))
	for _, c := range b.client.Jar.Cookies(at) {
		if len(c.Value) > 20 {
			return c.Value
		}
	}
	b.t.Fatal("no session")
	return ""
}
