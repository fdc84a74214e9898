package policies

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// planOf is how a database goes about a query, a step a line. PostgreSQL is asked
// to read no table as a whole where it can help it: among so few rows it would.
func planOf(t *testing.T, db *gorm.DB, query string, args ...any) (plan string) {
	t.Helper()
	err := db.Transaction(func(tx *gorm.DB) error {
		explain, column := "EXPLAIN QUERY PLAN ", 3
		if tx.Name() == migrations.Postgres {
			explain, column = "EXPLAIN ", 0
			if err := tx.Exec("SET LOCAL enable_seqscan = off").Error; err != nil {
				return err
			}
		}
		rows, err := tx.Raw(explain+query, args...).Rows()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			line := make([]any, column+1)
			for i := range line {
				line[i] = new(any)
			}
			if err := rows.Scan(line...); err != nil {
				return err
			}
			switch step := (*line[column].(*any)).(type) {
			case string:
				plan += step + "\n"
			case []byte:
				plan += string(step) + "\n"
			}
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// What somebody holds, what lies above a place, and which places are cut by more
// than where they lie, is found by indexes alone, however many there are.
func TestRightsAreFoundByIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		for name, plan := range map[string]string{
			"roles":  planOf(t, w.db, readSeats, string(w.homer), string(w.homer)),
			"above":  planOf(t, w.db, readLine, string(w.household)),
			"limits": planOf(t, w.db, readLimits),
		} {
			if plan == "" {
				t.Errorf("%s: no plan", name)
			}
			for step := range strings.Lines(plan) {
				whole := strings.Contains(step, "Seq Scan") || strings.HasPrefix(strings.TrimSpace(step), "SCAN") && !strings.Contains(step, "USING")
				if whole {
					t.Errorf("%s reads a whole table: %s of\n%s", name, strings.TrimSpace(step), plan)
				}
			}
		}
	})
}
