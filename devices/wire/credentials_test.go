package wire_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"halfkey/devices/wire"
)

const exampleContent = `{"device":{"kid":"7HQ2M4XKZ9TB3RWD.1","secret":"5ZK0XWQ8M3TN7R2VHB6CJ9PD4G"},"channel":{"provider":"embedded","id":"142770","write_key":"5WQ8ZK2M7T0XVJ3R","update_url":"http://halfkey.lan:8081/update"},"version":1,"next_check":86400,"now":1790000000}`

func exampleCredentials() *wire.Credentials {
	return &wire.Credentials{
		Device:  wire.Identity{Kid: "7HQ2M4XKZ9TB3RWD.1", Secret: "5ZK0XWQ8M3TN7R2VHB6CJ9PD4G"},
		Channel: wire.Channel{Provider: "embedded", ID: "142770", WriteKey: "5WQ8ZK2M7T0XVJ3R", UpdateURL: "http://halfkey.lan:8081/update"},
		Version: 1, NextCheck: 86400, Now: 1_790_000_000,
	}
}

func TestContentIsWrittenAsTheProtocolShowsIt(t *testing.T) {
	got, err := exampleCredentials().Marshal()
	if err != nil || string(got) != exampleContent {
		t.Fatalf("%s\n%v", got, err)
	}
	full := exampleCredentials()
	full.MQTT = &wire.MQTT{URL: "mqtts://halfkey.lan:8883", ClientID: "a", Username: "b", Password: "c d"}
	full.NotAfter = 1_800_000_000
	doc, err := full.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := wire.ParseCredentials(doc)
	if err != nil || !reflect.DeepEqual(back, full) {
		t.Fatalf("%+v, %v", back, err)
	}
	if library, _ := json.Marshal(full); string(library) != string(doc) {
		t.Fatalf("encoding/json writes %s", library)
	}
}

func TestContentThatASmallReaderWouldMisreadIsNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(*wire.Credentials){
		"quote in the address":  func(c *wire.Credentials) { c.Channel.UpdateURL = `http://x/","write_key":"y` },
		"ampersand":             func(c *wire.Credentials) { c.Channel.UpdateURL = "http://x/?a&b" },
		"line break in the key": func(c *wire.Credentials) { c.Channel.WriteKey = "A\nB" },
		"no key":                func(c *wire.Credentials) { c.Channel.WriteKey = "" },
		"umlaut":                func(c *wire.Credentials) { c.Channel.Provider = "eingebettet für alle" },
		"short secret":          func(c *wire.Credentials) { c.Device.Secret = "5ZK0" },
		"backslash":             func(c *wire.Credentials) { c.MQTT = &wire.MQTT{Password: `a\b`} },
	} {
		c := exampleCredentials()
		if spoil(c); true {
			if doc, err := c.Marshal(); err == nil {
				t.Errorf("%s: %s", name, doc)
			}
		}
	}
}

func TestPlainContentIsWhatTheSeedsThermometerExpects(t *testing.T) {
	content, err := wire.Channel{ID: "142770", WriteKey: "5WQ8ZK2M7T0XVJ3R"}.MarshalPlain()
	if err != nil || string(content) != "channel=142770\nwriteKey=5WQ8ZK2M7T0XVJ3R\n" {
		t.Fatalf("%q, %v", content, err)
	}
	if c, err := wire.ParsePlain(content); err != nil || c.ID != "142770" || c.WriteKey != "5WQ8ZK2M7T0XVJ3R" {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "channel=1\nwriteKey=A", "channel=1\nwriteKey=A\n\n", "channel=\nwriteKey=A\n", "1\nwriteKey=A\n", "channel=1\r\nwriteKey=A\r\n", "channel=channel=1\nwriteKey=A\n"} {
		if c, err := wire.ParsePlain([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

func TestDoorsUseTheProtocolsWords(t *testing.T) {
	for _, c := range []struct {
		a              wire.Answer
		status         int
		problem, plain string
	}{
		{wire.Pending, 202, `{"type":"urn:halfkey:problem:pending","title":"Waiting.","status":202}`, "pending\n"},
		{wire.Malformed("sub: missing"), 400, `{"type":"urn:halfkey:problem:malformed","title":"Malformed.","status":400,"detail":"sub: missing"}`, "malformed: sub: missing\n"},
		{wire.Refused, 403, `{"type":"urn:halfkey:problem:refused","title":"Refused.","status":403}`, "refused\n"},
		{wire.TooLarge, 413, `{"type":"urn:halfkey:problem:too-large","title":"Too large.","status":413}`, "too large\n"},
		{wire.TooMany, 429, `{"type":"urn:halfkey:problem:too-many","title":"Too many requests.","status":429}`, "too many\n"},
		{wire.Unavailable, 503, `{"type":"urn:halfkey:problem:unavailable","title":"Try again later.","status":503}`, "unavailable\n"},
	} {
		if c.a.Status != c.status || c.a.Problem != c.problem || c.a.Plain != c.plain {
			t.Errorf("%+v", c.a)
		}
	}
	evil := wire.Malformed("a\"b\\c\nd<é>")
	if !json.Valid([]byte(evil.Problem)) || strings.Count(evil.Plain, "\n") != 1 {
		t.Errorf("%+v", evil)
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add([]byte(exampleContent))
	f.Add([]byte(`{"mqtt":{}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := wire.ParseCredentials(doc)
		if err != nil {
			return
		}
		if again, err := c.Marshal(); err != nil || !json.Valid(again) {
			t.Fatalf("%s: %s, %v", doc, again, err)
		}
	})
}

func FuzzParsePlain(f *testing.F) {
	f.Add([]byte("channel=142770\nwriteKey=5WQ8ZK2M7T0XVJ3R\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := wire.ParsePlain(content)
		if again, err2 := c.MarshalPlain(); err == nil && (err2 != nil || string(again) != string(content)) {
			t.Fatalf("%q: %q, %v", content, again, err2)
		}
	})
}

func FuzzParseNonce(f *testing.F) {
	f.Add("AAECAwQFBgcICQoLDA0ODw")
	f.Fuzz(func(t *testing.T, in string) {
		n, err := wire.ParseNonce(in)
		if err == nil && (len(n) < 22 || len(n) > 43 || strings.Trim(in, "-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "") {
			t.Fatalf("accepted %q", in)
		}
	})
}
