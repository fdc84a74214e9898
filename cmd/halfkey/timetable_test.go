package main

import (
	"testing"

	"github.com/riverqueue/river"

	"halfkey/devices/rhythm"
	"halfkey/migrations/dbtest"
)

// A house with very many households rests as quietly as one with a few. Everything
// is done twice, for the first time leaves something to look at.
func TestAStartAndTheTimetableReadNoWholeTable(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir()}
	found(t, settings)
	populate(t, settings, 100)
	h := open(t, settings)
	for _, statement := range []string{
		"INSERT INTO users (id, home_org_id, email, name, password_hash, state, created_at) SELECT id, id, id || '@crowd.example', name, '', 'active', 0 FROM orgs WHERE slug LIKE 'crowd-%'",
		`INSERT INTO assignments (id, tenant_id, subject_type, subject_id, role, org_id, reach, valid_from, status, source, granted_by, reason, created_at)
			SELECT id, id, 'user', id, 'owner', id, 'subtree', 0, 'active', 'direct', '', '', 0 FROM orgs WHERE slug LIKE 'crowd-%'`,
		"INSERT INTO silence_wishes (user_id, created_at) SELECT id, 0 FROM users WHERE email LIKE '%@crowd.example'",
		"INSERT INTO keep_rules (org_id, tenant_id, entries_days, changed_by, changed_at) SELECT id, id, 30, '', 0 FROM orgs WHERE slug LIKE 'crowd-%'",
	} {
		if err := h.db.Gorm.Exec(statement).Error; err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	workers := map[string]func() error{
		"sweep":      func() error { return (&sweeper{house: h}).Work(t.Context(), &river.Job[sweep]{}) },
		"keep":       func() error { return (&keeper{house: h}).Work(t.Context(), &river.Job[keep]{}) },
		"connectors": func() error { return (&clerk{house: h}).Work(t.Context(), &river.Job[abroad]{}) },
		"readings":   func() error { return (&reader{house: h}).Work(t.Context(), &river.Job[overseas]{}) },
		"rhythm": func() error {
			return (&rhythm.Watch{Devices: h.devices, Post: h.post, Hooks: h.hooks}).Run(t.Context())
		},
	}
	dbtest.ReadsNoWholeTable(t, h.db.Gorm, "testdata/scans.txt", func() {
		if h.orgs.NeedsSetup(t.Context()) {
			t.Error("nobody set it up")
		}
		for range 2 {
			for name, work := range workers {
				if err := work(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}
