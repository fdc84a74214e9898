package channels

import (
	"context"
	"math"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// exportAtOnce is how many entries are read at a time, so that a slow reader
// holds up nobody.
const exportAtOnce = 1000

var nextRows = migrations.SQL(selectRows + ` AND (created_at, entry_id) > (?, ?) AND created_at <= ? ORDER BY created_at, entry_id LIMIT ?`)

// Export hands over all entries from one time to another, both included, in the
// order of their times; zero times are no bounds. It stops with the error that do
// returns. What is written meanwhile may be among them.
func (s *Store) Export(ctx context.Context, id ID, from, to time.Time, do func(Row) error) error {
	at, entry, end := int64(-endOfTime), int64(math.MinInt64), int64(endOfTime)
	if !from.IsZero() {
		at = iam.Micros(from)
	}
	if !to.IsZero() {
		end = iam.Micros(to)
	}
	for {
		rows, err := s.rows(ctx, nextRows, int64(id), at, entry, end, exportAtOnce)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := do(r); err != nil {
				return err
			}
		}
		if len(rows) < exportAtOnce {
			return nil
		}
		last := rows[len(rows)-1]
		at, entry = iam.Micros(last.Created), last.Entry
	}
}
