package channels

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/migrations"
)

// A quarter is a part of the feed table on PostgreSQL: a quarter of a year, from
// one time up to another, which is not in it.
type quarter struct {
	table    string
	from, to time.Time
}

func quarterOf(t time.Time) quarter {
	t = t.UTC()
	q := (int(t.Month()) - 1) / 3
	from := time.Date(t.Year(), time.Month(3*q+1), 1, 0, 0, 0, 0, time.UTC)
	return quarter{fmt.Sprintf("feeds_%04dq%d", t.Year(), q+1), from, from.AddDate(0, 3, 0)}
}

var (
	tableThere = migrations.SQL(`SELECT COUNT(*) FROM pg_class WHERE relname = ? AND relnamespace = current_schema()::regnamespace`)
	quarters   = migrations.SQL(`SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'feeds'::regclass AND c.relname <> 'feeds_rest' ORDER BY 1`)
)

// PartByTime makes ready, on PostgreSQL, the parts of the feed table for this
// quarter of a year and the next, and takes away those of long ago in which
// nothing is left. Elsewhere it does nothing. Call it at the start and once a day.
func (s *Store) PartByTime(ctx context.Context) error {
	if s.DB.Name() != migrations.Postgres {
		return nil
	}
	now := s.Now()
	this := quarterOf(now)
	for _, q := range []quarter{this, quarterOf(this.to)} {
		if err := s.makeQuarter(ctx, q); err != nil {
			return fmt.Errorf("make %s: %w", q.table, err)
		}
	}
	return s.dropEmptyQuarters(ctx, quarterOf(this.from.AddDate(0, -1, 0)).table)
}

// lockFeeds has whoever writes wait at the table as a whole, before he has found
// his part of it: who waited at the part would be refused by it afterwards.
const lockFeeds = `LOCK TABLE feeds IN ACCESS EXCLUSIVE MODE`

// makeQuarter moves what lies in the rest already. Until it is done, whoever
// writes waits: there is little, since a quarter is made before it begins.
func (s *Store) makeQuarter(ctx context.Context, q quarter) error {
	var n int
	if err := tableThere.Row(ctx, s.db(ctx), q.table).Scan(&n); err != nil || n > 0 {
		return err
	}
	bounds := fmt.Sprintf("created_at >= %d AND created_at < %d", iam.Micros(q.from), iam.Micros(q.to))
	return s.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(lockFeeds).Error; err != nil {
			return err
		}
		if err := tableThere.Row(ctx, tx, q.table).Scan(&n); err != nil || n > 0 {
			return err // another replica was faster
		}
		for _, step := range []string{
			`CREATE TABLE ` + q.table + ` (LIKE feeds INCLUDING DEFAULTS)`,
			`WITH moved AS (DELETE FROM feeds_rest WHERE ` + bounds + ` RETURNING *) INSERT INTO ` + q.table + ` SELECT * FROM moved`,
			fmt.Sprintf(`ALTER TABLE feeds ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, q.table, iam.Micros(q.from), iam.Micros(q.to)),
		} {
			if err := tx.Exec(step).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// dropEmptyQuarters spares every reading a look into parts that hold nothing;
// those from the one named on stay.
func (s *Store) dropEmptyQuarters(ctx context.Context, from string) error {
	var old []string
	err := each(quarters.Rows(ctx, s.db(ctx)))(func(rows *sql.Rows) error {
		var table string
		err := rows.Scan(&table)
		if table < from {
			old = append(old, table)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("list the parts of the feed table: %w", err)
	}
	for _, table := range old {
		if err := s.dropIfEmpty(ctx, table); err != nil {
			return fmt.Errorf("drop %s: %w", table, err)
		}
	}
	return nil
}

// dropIfEmpty looks before it makes anybody wait, and once more when nobody writes.
func (s *Store) dropIfEmpty(ctx context.Context, table string) error {
	holds := func(q *gorm.DB) (some bool, err error) {
		err = q.Raw(`SELECT EXISTS (SELECT 1 FROM ` + table + `)`).Scan(&some).Error
		return some, err
	}
	if some, err := holds(s.db(ctx)); err != nil || some {
		return err
	}
	return s.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(lockFeeds).Error; err != nil {
			return err
		}
		if some, err := holds(tx); err != nil || some {
			return err
		}
		return tx.Exec(`DROP TABLE ` + table).Error
	})
}
