package dbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"halfkey/migrations"
)

// Postgres makes a database for the test on the server that
// HALFKEY_TEST_POSTGRES names (a URL whose user may create databases), or on
// one that this process starts and takes down with itself.
func Postgres(t testing.TB) *migrations.DB {
	t.Helper()
	return open(t, migrations.Config{Driver: migrations.Postgres, DSN: DSN(t), MaxConns: 8})
}

// DSN is the URL of a migrated database for the test, for those who open it
// themselves, perhaps more than once.
func DSN(t testing.TB) string {
	t.Helper()
	name, err := template()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return fresh(t, name)
}

// Empty is the URL of a database without a schema.
func Empty(t testing.TB) string {
	t.Helper()
	return fresh(t, "template0")
}

func fresh(t testing.TB, template string) string {
	t.Helper()
	dsn, err := create(t.Context(), template)
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(dsn); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return dsn
}

// server is the URL of the server's own database.
var server = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("HALFKEY_TEST_POSTGRES"); given != "" {
		return given, nil
	}
	return Serve("fsync=off", "synchronous_commit=off", "full_page_writes=off")
})

// template is the name of a freshly migrated database.
var template = sync.OnceValues(func() (string, error) {
	admin, err := server()
	if err != nil {
		return "", err
	}
	name := "template_" + strings.ToLower(rand.Text()[:12])
	if err := do(context.Background(), admin, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	dsn, err := with(admin, name)
	if err != nil {
		return "", err
	}
	return name, prepare(migrations.Config{Driver: migrations.Postgres, DSN: dsn})
})

// making lets one test at a time copy the template: PostgreSQL refuses two.
var making sync.Mutex

func create(ctx context.Context, template string) (dsn string, err error) {
	admin, err := server()
	if err != nil {
		return "", err
	}
	making.Lock()
	defer making.Unlock()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if err := do(ctx, admin, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", err
	}
	return with(admin, name)
}

func drop(dsn string) error {
	admin, err := server()
	if err != nil {
		return err
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	return do(context.Background(), admin, "DROP DATABASE "+strings.TrimPrefix(u.Path, "/")+" WITH (FORCE)")
}

// with is the same server's URL with another database.
func with(admin, name string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil {
		return "", fmt.Errorf("HALFKEY_TEST_POSTGRES must be a URL: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func do(ctx context.Context, dsn, sql string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	_, err = c.Exec(ctx, sql)
	return err
}
