package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func read(t *testing.T, file string, environ []string, args ...string) (Config, error) {
	t.Helper()
	f := pflag.NewFlagSet("halfkey", pflag.ContinueOnError)
	flags(f)
	if file != "" {
		path := filepath.Join(t.TempDir(), "halfkey.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return load(f, environ)
}

func TestTheLastWordCounts(t *testing.T) {
	c, err := read(t, "", nil)
	if err != nil || c.Listen.Main != ":8080" || c.Keyset != "halfkey-data/keyset.json" {
		t.Fatalf("defaults: %+v, %v", c, err)
	}
	file := "listen:\n  main: ':1'\n  thingspeak: ':2'\n  metrics: ':3'\ntrusted_proxies: [10.0.0.1, 'fd00::/8']\n"
	c, err = read(t, file, []string{"HALFKEY_LISTEN_MAIN=:4", "HALFKEY_LISTEN_THINGSPEAK=:5", "HALFKEY_LIMITS_REFUSALS=7", "PATH=/bin"},
		"--listen-main", ":6", "--accept-plain-http")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != (Listen{":6", ":5", ":3"}) || c.Limits.Refusals != 7 || !c.AcceptPlain || len(c.TrustedProxies) != 2 {
		t.Fatalf("flag over environment over file: %+v", c)
	}
}

func TestATypingErrorIsTold(t *testing.T) {
	for name, run := range map[string]struct {
		file string
		env  []string
		args []string
		want string
	}{
		"unknown in the file":        {file: "listen:\n  mian: ':1'\n", want: `there is no setting "listen.mian"`},
		"unknown in the environment": {env: []string{"HALFKEY_LISTN=:1"}, want: "HALFKEY_LISTN: there is no such setting"},
		"a mode that is none":        {args: []string{"--tls-mode", "on"}, want: "tls.mode: is off, self or file"},
		"a file that is missing":     {args: []string{"--config", "nowhere.yaml"}, want: "there is no configuration file nowhere.yaml"},
		"a word for a number":        {env: []string{"HALFKEY_LIMITS_REFUSALS=many"}, want: "limits.refusals"},
		"a proxy that is none":       {args: []string{"--trusted-proxies", "home"}, want: "trusted_proxies: "},
		"an address without a port":  {args: []string{"--listen-main", "localhost"}, want: "listen.main: is an address like"},
		"an address of no host":      {args: []string{"--base-url", "https://:8080"}, want: "base_url: is an address like"},
		"an address with a question": {file: "thingspeak_url: http://halfkey.lan:8081/?x=1\n", want: "thingspeak_url: is an address like"},
		"a port that is none":        {env: []string{"HALFKEY_BASE_URL=http://halfkey.lan:99999"}, want: "base_url: is an address like"},
		"a key stretched too little": {args: []string{"--classic-iterations", "5000"}, want: "classic_iterations: is a number from 10000 to 1000000"},
		"a key stretched too far":    {args: []string{"--classic-iterations", "1000001"}, want: "classic_iterations: is a number"},
		"only one half of file mode": {args: []string{"--tls-mode", "file", "--tls-cert", "x"}, want: "tls.mode: file needs tls.cert and tls.key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, run.file, run.env, run.args...)
			if err == nil || !strings.Contains(err.Error(), run.want) {
				t.Fatalf("got %v, wanted %q", err, run.want)
			}
		})
	}
}

func TestAnAddressEndsWithoutASlash(t *testing.T) {
	c, err := read(t, "base_url: https://halfkey.example/\n", []string{"HALFKEY_THINGSPEAK_URL=http://halfkey.example:8081/"})
	if err != nil || c.BaseURL != "https://halfkey.example" || c.ThingSpeakURL != "http://halfkey.example:8081" {
		t.Fatalf("%q, %q, %v", c.BaseURL, c.ThingSpeakURL, err)
	}
}

func TestASecretMayComeFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(path, []byte("postgres://h/d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := read(t, "", []string{"HALFKEY_DATABASE_FILE=" + path})
	if err != nil || c.Database != "postgres://h/d" {
		t.Fatalf("%q, %v", c.Database, err)
	}
}
