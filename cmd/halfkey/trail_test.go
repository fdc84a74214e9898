package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// halfkey runs a verb to its end and returns what it said.
func halfkey(t testing.TB, settings []string, args ...string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Args[0] = "halfkey"
	c.Env = os.Environ()
	for _, s := range settings {
		c.Env = append(c.Env, prefix+s)
	}
	out, err := c.CombinedOutput()
	return string(out), err
}

func TestVerifyFindsWhatWasDoneToTheTrail(t *testing.T) {
	for name, harm := range map[string]string{
		"a changed line": "UPDATE audit SET actor_name = 'Burns' WHERE seq = 1",
		"a removed line": "DELETE FROM audit WHERE seq = 1",
		"a cut tail":     "DELETE FROM audit WHERE (tenant_id, seq) IN (SELECT tenant_id, max(seq) FROM audit GROUP BY tenant_id)",
	} {
		t.Run(name, func(t *testing.T) {
			settings := []string{"DATA=" + t.TempDir()}
			found(t, settings)
			if out, err := halfkey(t, settings, "audit", "verify"); err != nil || !strings.Contains(out, "The trail holds") {
				t.Fatalf("untouched: %v\n%s", err, out)
			}
			h := open(t, settings)
			if err := h.db.Gorm.Exec(harm).Error; err != nil {
				t.Fatal(err)
			}
			h.close()
			if out, err := halfkey(t, settings, "audit", "verify"); err == nil || !strings.Contains(out, "the trail does not hold") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestAForeignKeysetIsToldAtTheStart(t *testing.T) {
	data := t.TempDir()
	settings := []string{"DATA=" + data}
	found(t, settings)
	if err := os.Remove(filepath.Join(data, "keyset.json")); err != nil {
		t.Fatal(err)
	}
	if out, err := halfkey(t, append(settings, "LISTEN_MAIN=127.0.0.1:0", "LISTEN_THINGSPEAK=127.0.0.1:0", "LISTEN_METRICS="), "serve"); err == nil || !strings.Contains(out, "keyset") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestKeysetRotationKeepsEverythingReadable(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir(), "LOG_LEVEL=warn"}
	home := found(t, settings)
	if out, err := halfkey(t, settings, "keyset", "rotate"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c, err := newCaller(home.key)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, settings...)
	if _, err := c.register(p.main, "74743827342"); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}
