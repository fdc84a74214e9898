package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"halfkey/cmd/halfkey/cli"
)

// typed runs what somebody types at the console of a machine.
func typed(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := command()
	var out bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(t.Output())
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// says is typed that has to work; the answer is JSON.
func says(t *testing.T, args ...string) map[string]any {
	t.Helper()
	out, err := typed(t, append(args, "-o", "json")...)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	var v map[string]any
	if out != "" {
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%s: %v in %s", strings.Join(args, " "), err, out)
		}
	}
	return v
}

func TestTheConsoleDoesWhatThePortalDoes(t *testing.T) {
	data := t.TempDir()
	if _, err := typed(t, "org", "ls", "--data", data); err == nil || !strings.Contains(err.Error(), "setup-link") {
		t.Fatalf("before the setup: %v", err)
	}
	found(t, []string{"DATA=" + data})
	homer := func(args ...string) []string { return append(args, "--data", data, "--as", "homer@simps.net") }

	says(t, homer("org", "new", "The Simpsons", "Household", "--kind", "household")...)
	says(t, homer("org", "rename", "household", "Evergreen Terrace")...)
	table, err := typed(t, homer("org", "ls")...)
	if err != nil || !strings.Contains(table, "DEPTH") || !strings.Contains(table, "Evergreen Terrace") {
		t.Fatalf("%v\n%s", err, table)
	}
	if link := says(t, homer("person", "invite", "household", "marge@simps.net", "member")...)["link"].(string); !strings.Contains(link, "/i/") {
		t.Errorf("no link: %s", link)
	}
	key := says(t, homer("key", "new", "household", "--label", "At home", "--boarding", "serials", "--uses", "3")...)["id"].(string)
	says(t, homer("key", "list", key, "74743827342,74743827343")...)
	if n := len(says(t, homer("key", "serials", key)...)["items"].([]any)); n != 2 {
		t.Errorf("%d serials", n)
	}
	if whole := says(t, homer("key", "reveal", key)...)["whole"].(string); !strings.Contains(whole, "-") {
		t.Errorf("no key: %s", whole)
	}
	p := says(t, homer("org", "close", "household", "--dry-run")...)
	if _, told := p["changes"]; !told {
		t.Errorf("no preview: %v", p)
	}
	made := says(t, homer("device", "new", "household", "Greenhouse")...)
	if key := made["write_key"].(string); len(key) != 16 || !strings.HasSuffix(made["update_url"].(string), "/update") {
		t.Errorf("%v", made)
	}
	if list := says(t, homer("connector", "ls", "household")...)["items"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	says(t, homer("org", "keep-set", "household", "--entries", "90", "--sums", "730")...)
	hook := says(t, homer("hook", "new", "household", "https://hook.simps.net/")...)["id"].(string)
	says(t, homer("hook", "test", "household", hook)...)
	if calls := says(t, homer("hook", "calls", "household", hook)...)["items"].([]any); len(calls) != 1 {
		t.Errorf("%v", calls)
	}
	if w := says(t, homer("way", "ls")...); w["password"] != true {
		t.Errorf("%v", w)
	}
	why := says(t, homer("admin", "explain", "homer@simps.net", "device:read", "--org", "household")...)
	if why["allowed"] != true {
		t.Errorf("%v", why)
	}

	lines := says(t, "audit", "ls", "The Simpsons", "--verb", "org.rename", "--data", data)["items"].([]any) // as the administrator
	if line := lines[0].(map[string]any); line["door"] != "console" || !strings.Contains(line["actor_name"].(string), "Console") {
		t.Errorf("%v", line)
	}
	if orgs := says(t, "platform", "orgs", "--data", data)["items"].([]any); len(orgs) != 1 {
		t.Errorf("%v", orgs)
	}
	text, err := typed(t, homer("org", "show", "household", "-o", "yaml")...)
	var doc map[string]any
	if err != nil || yaml.Unmarshal([]byte(text), &doc) != nil || doc["name"] != "Evergreen Terrace" {
		t.Errorf("%v\n%s", err, text)
	}
	_, err = typed(t, homer("org", "rename", "household", " ")...)
	if f, ok := err.(*cli.Failed); !ok || f.Status != 422 || !strings.Contains(f.Error(), "NAME: ") {
		t.Errorf("%v", err)
	}
	if _, err = typed(t, homer("org", "rename", "garage", "A")...); err == nil || !strings.Contains(err.Error(), `no place called "garage"`) {
		t.Errorf("%v", err)
	}
	if _, err = typed(t, homer("role", "until", key, "--until", "soon")...); err == nil || !strings.Contains(err.Error(), "no time") {
		t.Errorf("%v", err)
	}
}

func TestAServerIsToldWithAToken(t *testing.T) {
	data := t.TempDir()
	settings := []string{"DATA=" + data, "LISTEN_METRICS="}
	found(t, settings)
	until := time.Now().Add(time.Hour).Format(time.RFC3339)
	made := says(t, "token", "new", "Console at home", "--until", until, "--data", data, "--as", "homer@simps.net")
	p := start(t, settings...)
	t.Setenv("HALFKEY_TOKEN", made["token"].(string))
	there := func(args ...string) []string { return append(args, "--server", strings.TrimSuffix(p.url(""), "/")) }
	if me := says(t, there("person", "me")...); me["email"] != "homer@simps.net" {
		t.Fatalf("%v", me)
	}
	says(t, there("org", "new", "The Simpsons", "Garage")...)
	if list := says(t, there("org", "ls")...)["items"].([]any); len(list) != 2 {
		t.Fatalf("%v", list)
	}
	says(t, there("token", "revoke", made["id"].(string))...)
	if _, err := typed(t, there("org", "ls")...); err == nil || !strings.Contains(err.Error(), "token-refused") {
		t.Fatal(err)
	}
}

func TestATokenIsNotShownToWhoListens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("hk_x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := typed(t, "org", "ls", "--server", "http://halfkey.example", "--token-file", file); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("%v", err)
	}
	if _, err := typed(t, "org", "ls", "--server", "http://localhost:1"); err == nil || !strings.Contains(err.Error(), "HALFKEY_TOKEN") {
		t.Errorf("%v", err)
	}
}
