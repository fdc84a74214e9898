package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"halfkey/cmd/halfkey/cli"
)

// The brewery's developer works by script alone: makes agents, lets this machine
// be one, and takes it back.
func TestAnAgentByScriptAlone(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	settings := []string{"DATA=" + data, "LISTEN_METRICS="}
	found(t, settings)
	local := []string{"--data", data, "--as", "homer@simps.net"}
	until := time.Now().Add(time.Hour).Format(time.RFC3339)
	token := says(t, append([]string{"token", "new", "brewery script", "--until", until}, local...)...)["token"].(string)
	made := says(t, append([]string{"agent", "new", "at home", "--profile", "SHARED_SECRET"}, local...)...)
	if made["securityProfile"] != "SHARED_SECRET" {
		t.Fatalf("%v", made)
	}
	p := start(t, settings...)
	t.Setenv("HALFKEY_TOKEN", token)
	there := func(args ...string) []string { return append(args, "--server", strings.TrimSuffix(p.url(""), "/")) }
	config, state := filepath.Join(dir, "brewer.json"), filepath.Join(dir, "brewer.state.json")
	id := says(t, there("agent", "new", "brewer", "--out", config)...)["id"].(string)
	if kept, err := os.Stat(config); err != nil || kept.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", kept, err)
	}
	again, err := typed(t, there("agent", "boarding", "brewer")...)
	if file, _ := os.ReadFile(config); err != nil || again != string(file) {
		t.Errorf("another boarding configuration: %v %s", err, again)
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := typed(t, args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	must("agent", "onboard", "--config", config)
	if _, err := typed(t, "agent", "onboard", "--config", config); err == nil || !strings.Contains(err.Error(), "onboarded already") {
		t.Errorf("%v", err)
	}
	must("agent", "rotate", "--state", state)
	access := strings.TrimSpace(must("agent", "token", "--state", state))
	p.asks(t, "GET", "/api/agentmanagement/v3/agents/"+id+"/boarding/status", access, "", "", 200, nil)
	if list := says(t, there("agent", "ls")...)["items"].([]any); len(list) != 2 || list[1].(map[string]any)["status"] != "ONBOARDED" {
		t.Errorf("%v", list)
	}
	if _, err := typed(t, there("agent", "rm", "brewer")...); err == nil || !strings.Contains(err.Error(), "Offboard it first") {
		t.Errorf("%v", err)
	}
	says(t, there("agent", "edit", "brewer", "--name", "brewer 1")...)
	says(t, there("agent", "offboard", "brewer 1")...)
	if _, err := typed(t, "agent", "token", "--state", state); err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("%v", err)
	}
	if _, err := typed(t, "agent", "rotate", "--state", state); err == nil {
		t.Error("an offboarded agent renews")
	}
	says(t, there("agent", "rm", "brewer 1")...)
	_, err = typed(t, there("agent", "offboard", "brewer 1")...)
	if err == nil || !strings.Contains(err.Error(), `no agent called "brewer 1"`) {
		t.Errorf("%v", err)
	}

	list := filepath.Join(dir, "agents.csv")
	if err := os.WriteFile(list, []byte("name,profile,place\nkettle 1,SHARED_SECRET,\nkettle 2\nkettle 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "kettles")
	if _, err := typed(t, there("agent", "new", "--list", list, "--out", folder)...); err == nil || !strings.Contains(err.Error(), "line 4, after 2 agents") {
		t.Errorf("%v", err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		config := filepath.Join(folder, f.Name())
		must("agent", "onboard", "--config", config)
		var kept map[string]any
		text, err := os.ReadFile(strings.TrimSuffix(config, ".json") + ".state.json")
		if err != nil || json.Unmarshal(text, &kept) != nil || kept["registration_access_token"] == "" {
			t.Errorf("%v", err)
		}
	}
	_, err = typed(t, there("agent", "new", "")...)
	if f, ok := err.(*cli.Failed); !ok || f.Status != 400 && f.Status != 422 {
		t.Errorf("%v", err)
	}
}
