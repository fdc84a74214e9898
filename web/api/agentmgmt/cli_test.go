package agentmgmt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halfkey/devices/agents"
	"halfkey/devices/agents/agentstest"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
)

// The brewery's developer works by script alone, with the published command line.
func TestThePublishedCommandLine(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	s := onLine(t, d, false)
	id, secret := d.Program(t, d.Plant, policies.Integrator)
	dir := t.TempDir()
	const passkey = "passkey4711"
	must(t, os.MkdirAll(filepath.Join(dir, ".mc"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, ".mc", "auth.json"), loginFile(t, id, secret, passkey, d.Base), 0o600))
	client, err := agentstest.Published()
	must(t, err)
	mdsp := func(args ...string) string {
		t.Helper()
		c := s.node(t, append([]string{filepath.Join(client, "node_modules", agentstest.PublishedClient, "bin", "mc")}, args...)...)
		c.Dir, c.Env = dir, append(c.Env, "HOME="+dir)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("mdsp %s: %v\n%s", args[0], err, out)
		}
		return string(out)
	}
	config := filepath.Join(dir, "brewer.json")
	mdsp("create-agent", "--config", config, "--agentname", "Brewer", "--passkey", passkey)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatalf("no boarding configuration: %v", err)
	}
	var boarding wireConfig
	must(t, json.Unmarshal(text, &boarding))
	o := &onboarded{d: d, id: string(boarding.Content.ClientID)}
	state := func() agents.Boarding {
		t.Helper()
		var b boardingState
		d.send("GET", o.at("/boarding/status"), d.admin, nil).wants(t, 200).into(t, &b)
		return b.Status
	}
	if got := mdsp("onboard", "--config", config); state() != agents.Onboarded {
		t.Fatal(got)
	}
	access := ""
	for word := range strings.FieldsSeq(mdsp("agent-token", "--config", config)) {
		if agents.IsAccess(word) {
			access = word
		}
	}
	d.send("GET", o.at(""), access, nil).wants(t, 403)
	d.send("GET", o.at("/boarding/status"), access, nil).wants(t, 200)
	if got := mdsp("agent-status", "--config", config, "--passkey", passkey); !strings.Contains(got, "ONBOARDED") {
		t.Error(got)
	}
	if got := mdsp("offboard-agent", "--config", config, "--passkey", passkey); state() != agents.Onboarding {
		t.Error(got)
	}
	if got := mdsp("renew-agent", "--config", config, "--passkey", passkey); !strings.Contains(got, "renewed") {
		t.Error(got)
	}
	if got := mdsp("onboard", "--config", config); state() != agents.Onboarded {
		t.Error(got)
	}
	a, err := d.Agents.Get(as(d), agents.ID(o.id))
	if err != nil || a.Org != d.Plant || a.Name != "Brewer" {
		t.Errorf("%+v %v", a, err)
	}
}

// loginFile is what the command line keeps of a login: the Basic header, locked
// with a passkey.
func loginFile(t *testing.T, id, secret, passkey, gateway string) []byte {
	t.Helper()
	block, err := aes.NewCipher([]byte((passkey + strings.Repeat("$", 32))[:32]))
	must(t, err)
	iv := make([]byte, 16)
	rand.Read(iv)
	text := []byte("Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	cipher.NewCTR(block, iv).XORKeyStream(text, text)
	file, err := json.Marshal(map[string]any{"credentials": []any{map[string]any{"auth": hex.EncodeToString(text), "iv": base64.StdEncoding.EncodeToString(iv),
		"gateway": gateway, "tenant": "the-simpsons", "type": "SERVICE", "selected": true}}})
	must(t, err)
	return file
}
