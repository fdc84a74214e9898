package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A channel's readings come and go as files by script, at a server and at the console.
func TestReadingsComeAndGoByScript(t *testing.T) {
	data := t.TempDir()
	settings := []string{"DATA=" + data, "LISTEN_METRICS="}
	home := found(t, settings)
	until := time.Now().Add(time.Hour).Format(time.RFC3339)
	made := says(t, "token", "new", "Script", "--until", until, "--data", data, "--as", "homer@simps.net")
	p := start(t, settings...)
	caller, err := newCaller(home.key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := caller.register(p.main, "74743827342")
	if err != nil {
		t.Fatal(err)
	}
	channel := got.Channel.ID
	t.Setenv("HALFKEY_TOKEN", made["token"].(string))
	there := func(args ...string) []string { return append(args, "--server", strings.TrimSuffix(p.url(""), "/")) }
	file := filepath.Join(t.TempDir(), "feeds.csv")
	var lines strings.Builder
	lines.WriteString("created_at,entry_id,field1\n")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 3000 {
		lines.WriteString(at.Add(time.Duration(i)*time.Minute).Format("2006-01-02 15:04:05 UTC") + ",1,21.5\n")
	}
	if err := os.WriteFile(file, []byte(lines.String()+"never,1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := typed(t, there("channel", "import", channel, file)...); err == nil || !strings.Contains(err.Error(), "line 3002") {
		t.Errorf("a bad line: %v", err)
	}
	run := says(t, there("channel", "import", channel, file, "--good")...)["id"].(string)
	var now map[string]any
	for range 600 {
		if now = says(t, there("run", "show", run)...); now["state"] == "ended" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if now["state"] != "ended" || now["done"] != 3000.0 || now["failed"] != 1.0 {
		t.Fatalf("the run came to %v", now)
	}
	whole, err := typed(t, there("channel", "export", channel)...)
	if err != nil || strings.Count(whole, "\n") != 3001 || !strings.HasPrefix(whole, "created_at,entry_id,field1,") {
		t.Errorf("%v, %d lines", err, strings.Count(whole, "\n"))
	}
	p.stop(t)
	console, err := typed(t, "channel", "export", channel, "--ndjson", "--data", data, "--as", "homer@simps.net")
	if err != nil || strings.Count(console, "\n") != 3000 || !strings.HasPrefix(console, `{"created_at":"2026-01-01T00:00:00Z","entry_id":1,"field1":"21.5"}`) {
		t.Errorf("%v, %d lines", err, strings.Count(console, "\n"))
	}
	if _, err := typed(t, "channel", "export", "999", "--data", data, "--as", "homer@simps.net"); err == nil || !strings.Contains(err.Error(), "channel-unknown") {
		t.Errorf("%v", err)
	}
}
