package main

import (
	"strings"
	"testing"
	"time"
)

// By script: how an organisation's agents are treated is its own to say, how many
// there may be is not.
func TestHowAgentsAreTreatedByScript(t *testing.T) {
	data := t.TempDir()
	settings := []string{"DATA=" + data, "LISTEN_METRICS="}
	found(t, settings)
	until := time.Now().Add(time.Hour).Format(time.RFC3339)
	token := says(t, "token", "new", "brewery script", "--until", until, "--data", data, "--as", "homer@simps.net")["token"].(string)
	p := start(t, settings...)
	t.Setenv("HALFKEY_TOKEN", token)
	there := func(args ...string) []string {
		return append(append([]string{"agent"}, args...), "--server", strings.TrimSuffix(p.url(""), "/"))
	}
	refused := func(words string, args ...string) {
		t.Helper()
		if out, err := typed(t, there(args...)...); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	first := says(t, there("terms", "the-simpsons")...)
	if first["alg"] != "ES256" || first["tokenSeconds"] != 3600.0 || first["size"] != "" || first["signingKey"].(map[string]any)["own"] != false {
		t.Errorf("%v", first)
	}
	refused("platform", "new-key", "the-simpsons") // it has no key of its own yet
	now := says(t, there("terms", "the-simpsons", "--alg", "RS256", "--token", "30m")...)
	key := now["signingKey"].(map[string]any)
	if now["alg"] != "RS256" || now["tokenSeconds"] != 1800.0 || key["own"] != true || key["alg"] != "RS256" {
		t.Errorf("%v", now)
	}
	if next := says(t, there("new-key", "the-simpsons")...); next["kid"] == key["kid"] || next["alg"] != "RS256" || next["own"] != true {
		t.Errorf("%v after %v", next, key)
	}
	refused("cannot be kept", "terms", "the-simpsons", "--token", "1m")
	refused("ES256 or RS256", "terms", "the-simpsons", "--alg", "HS256")
	refused("does not allow", "terms", "the-simpsons", "--size", "XL")
	refused("(agent)", "new-key") // the platform's
	if last := says(t, there("terms", "the-simpsons")...); last["tokenSeconds"] != 1800.0 || last["size"] != "" {
		t.Errorf("%v", last)
	}
}
