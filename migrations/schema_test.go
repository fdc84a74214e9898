package migrations_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The queries describe what we made; River's and goose's own tables are theirs.
var describe = map[string]string{
	migrations.SQLite: `SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL
 AND tbl_name NOT LIKE 'river_%' AND tbl_name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%'
 ORDER BY tbl_name, type DESC, name`,
	migrations.Postgres: `SELECT what FROM (
 SELECT c.relname AS t, 1 AS part, a.attnum AS n, '' AS name, 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE '' END
  || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS what
 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
 UNION ALL SELECT c.relname, 2, 0, k.conname, 'constraint ' || c.relname || ' ' || pg_get_constraintdef(k.oid)
 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.connamespace = 'public'::regnamespace AND k.contype <> 'n'
 UNION ALL SELECT tablename, 3, 0, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public') AS parts
 WHERE t NOT LIKE 'river_%' AND t NOT LIKE 'goose_%' ORDER BY t COLLATE "C", part, n, name COLLATE "C", what COLLATE "C"`,
}

func schema(t *testing.T, db *migrations.DB) string {
	t.Helper()
	var lines []string
	if err := db.Gorm.Raw(describe[db.Dialect()]).Scan(&lines).Error; err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestTheSchemaIsTheOneWrittenDown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		got := schema(t, db)
		file := filepath.Join("testdata", "schema."+db.Dialect()+".sql")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Fatalf("the schema is not %s; if that is meant, run the test with -update\n%s", file, got)
		}
		if strings.Contains(strings.ToUpper(got), "DEFERRABLE") {
			t.Error("a deferred constraint fails at the commit, and so would harm the neighbours in a batch")
		}
	})
}

// tables lists what both dialects must have alike.
func tables(t *testing.T, db *migrations.DB) string {
	t.Helper()
	query := `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'river_%' AND m.name NOT LIKE 'goose_%' ORDER BY 1`
	if db.Dialect() == migrations.Postgres {
		query = `SELECT (table_name || '.' || column_name) COLLATE "C" FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN (SELECT inhrelid::regclass::text FROM pg_inherits) AND table_name NOT LIKE 'river_%' AND table_name NOT LIKE 'goose_%' ORDER BY 1`
	}
	var names []string
	if err := db.Gorm.Raw(query).Scan(&names).Error; err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

func TestBothDialectsHaveTheSameColumns(t *testing.T) {
	if a, b := tables(t, dbtest.SQLite(t)), tables(t, dbtest.Postgres(t)); a != b {
		t.Fatalf("SQLite:\n%s\nPostgreSQL:\n%s", a, b)
	}
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		before := schema(t, db)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if schema(t, db) != before {
			t.Fatal("the schema changed")
		}
	})
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		if err := db.Gorm.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)").Error; err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "newer") {
			t.Fatalf("%v", err)
		}
	})
}

func TestTwoReplicasMayStartAtOnce(t *testing.T) {
	dsn := dbtest.Empty(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			db, err := migrations.Open(context.Background(), migrations.Config{Driver: migrations.Postgres, DSN: dsn, MaxConns: 4})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
