package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"halfkey/migrations"
)

func TestTheDoctorSaysAtTheConsoleWhatThePageSays(t *testing.T) {
	data := t.TempDir()
	found(t, []string{"DATA=" + data})
	run := func(args ...string) (string, error) { return typed(t, append(args, "--data", data)...) }
	out, err := run("doctor")
	if err != nil || !strings.Contains(out, "Nothing is broken.") {
		t.Fatalf("%v\n%s", err, out)
	}
	db, err := migrations.Open(t.Context(), migrations.Config{Driver: migrations.SQLite, Path: filepath.Join(data, "halfkey.db")})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Gorm.Exec(`INSERT INTO river_job (kind, args, max_attempts, attempt, state, finalized_at, attempted_at, errors)
VALUES ('letter', '{"letter":"x"}', 16, 16, 'discarded', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, '[{"at":"2026-11-03T10:00:00Z","attempt":16,"error":"dial tcp: refused","trace":""}]')`).Error
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	out, err = run("doctor")
	if err == nil || err.Error() != "one thing is broken" {
		t.Errorf("it ends with %v", err)
	}
	for _, want := range []string{"BROKEN", "1 letter was given up", "dial tcp: refused", "Try again: ", "/admin/jobs?state=discarded", "$ halfkey job again letter"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	out, err = run("doctor", "-o", "json")
	var list struct{ Items []map[string]any }
	if err == nil || json.Unmarshal([]byte(out), &list) != nil || len(list.Items) != 1 || list.Items[0]["weight"] != "broken" {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = run("job", "ls", "--state", "discarded"); err != nil || !strings.Contains(out, "letter") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = run("job", "again", "letter"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = run("doctor"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
