// Package dbtest gives each test a migrated, empty database of its own, on
// both dialects. The schema is made once a process and copied from there.
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"halfkey/migrations"
)

// Each runs test as a subtest on SQLite and on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, db *migrations.DB)) {
	t.Run(migrations.SQLite, func(t *testing.T) { test(t, SQLite(t)) })
	t.Run(migrations.Postgres, func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite opens a database in a folder of the test.
func SQLite(t testing.TB) *migrations.DB {
	t.Helper()
	image, err := sqliteImage()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "halfkey.db")
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, migrations.Config{Driver: migrations.SQLite, Path: file})
}

// sqliteImage is the file of a freshly migrated database.
var sqliteImage = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "halfkey-dbtest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c := migrations.Config{Driver: migrations.SQLite, Path: filepath.Join(dir, "template.db")}
	if err := prepare(c); err != nil {
		return nil, err
	}
	return os.ReadFile(c.Path)
})

// prepare migrates and closes; closing the last connection empties SQLite's WAL.
func prepare(c migrations.Config) error {
	db, err := migrations.Open(context.Background(), c)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(context.Background())
}

func open(t testing.TB, c migrations.Config) *migrations.DB {
	t.Helper()
	db, err := migrations.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}
