package cli_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"halfkey/orgs"
	"halfkey/web/thingspeak"
	"halfkey/web/webtest"
)

func TestAnOwnerConnectsAServiceFromTheConsole(t *testing.T) {
	s := webtest.New(t).Furnish(t)
	door := httptest.NewServer(thingspeak.New(thingspeak.Config{Store: s.Channels}))
	t.Cleanup(door.Close)
	_, key, err := orgs.AccountKeys{Orgs: s.Orgs, Store: s.Channels}.Make(s.AsHomer(t), s.Plant)
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte(key.Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says := func(text string, args ...string) string {
		t.Helper()
		out := typed(t, s.House, s.Homer, args...)
		if !strings.Contains(out, text) {
			t.Errorf("%s: no %q in\n%s", strings.Join(args, " "), text, out)
		}
		return out
	}
	how := []string{"--set", "base_url=" + door.URL + ",channels=4", "--secret-file", secret}
	says("secret", "connector", "kinds")
	says("channels_left  4", append([]string{"connector", "test", "household", "thingspeak"}, how...)...)
	id := idIn(t, says("Hosted", append([]string{"connector", "new", "household", "thingspeak", "Hosted"}, how...)...))
	says("embedded", "connector", "ls", "household")
	says("ThingSpeak", "connector", "set", id, "--name", "ThingSpeak")
	says("paused", "connector", "pause", id)
	says("active", "connector", "resume", id)
	says("channels_left", "connector", "check", id)
	drift := filepath.Join(t.TempDir(), "drift.json")
	if err := os.WriteFile(drift, []byte(says("items", "connector", "drift", id, "-o", "json")), 0o600); err != nil {
		t.Fatal(err)
	}
	says("KIND", "connector", "mend", id, drift)
	says("EXTERNAL", "connector", "channels", id)
	says("Done", "connector", "rm", id)
}

func TestAnOwnerRunsHisDevicesFromTheConsole(t *testing.T) {
	s := webtest.New(t).Furnish(t)
	says := func(text string, args ...string) string {
		t.Helper()
		out := typed(t, s.House, s.Homer, args...)
		if !strings.Contains(out, text) {
			t.Errorf("%s: no %q in\n%s", strings.Join(args, " "), text, out)
		}
		return out
	}
	dev := idIn(t, says("write_key", "device", "new", "household", "Greenhouse", "--kind", "thermometer"))
	says("write_key", "device", "write-key", dev, "--overlap", "0")
	says("read_key", "device", "readkey", "Greenhouse")
	key := idIn(t, says("read_key", "device", "readkey-new", dev, "Grafana"))
	says("Grafana", "device", "readkeys", dev)
	says("Done", "device", "readkey-end", dev, key)
	link := idIn(t, says("/embed/", "device", "embed-new", dev, "Blog", "7d"))
	says("Blog", "device", "embeds", dev)
	says("Done", "device", "embed-end", dev, link)
	says("own", "org", "keep-set", "household", "--entries", "90", "--sums", "730")
	says("730", "org", "keep", "household")
	says("Done", "org", "keep-drop", "household")
	hook := regexp.MustCompile(`[a-z2-7]{26}`).FindString(says("whsec_", "hook", "new", "household", "https://hook.simps.net/"))
	says("hook.simps.net", "hook", "ls", "household")
	says("STATE", "hook", "calls", "household", hook)
	says("Done", "hook", "rm", "household", hook)
	says("homer@simps.net", "way", "ls")
	says("true", "person", "wish", "--silent-devices", "true")
	says("TEXT", "person", "notices")
	says("/recover/", "person", "help", "marge@simps.net")
	says("ready", "audit", "check", string(s.Tenant))
	says("ready", "audit", "checked", string(s.Tenant))
	says("FINGERPRINT", "audit", "keys", string(s.Tenant), "--kind", "write")
	says("30", "audit", "term-set", string(s.Tenant), "30")
	says("Done", "session", "end-others")
}
