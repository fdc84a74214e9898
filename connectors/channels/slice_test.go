package channels_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// A watch sees how many entries each statement takes away, and whether that is a
// transaction of its own.
type watch struct {
	gorm.ConnPool
	took []int64
}

func (w *watch) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	res, err := w.ConnPool.ExecContext(ctx, text, args...)
	if err == nil && strings.HasPrefix(text, "DELETE FROM feeds ") {
		n, _ := res.RowsAffected()
		w.took = append(w.took, n)
	}
	return res, err
}

// BeginTx is the pool's own: what goes on in a longer transaction is not seen here.
func (w *watch) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	switch p := w.ConnPool.(type) {
	case gorm.ConnPoolBeginner:
		return p.BeginTx(ctx, opts)
	case gorm.TxBeginner:
		return p.BeginTx(ctx, opts)
	}
	return nil, errors.New("no transactions here")
}

// What a rule lets go goes in slices, each a transaction of its own between the
// values that arrive; a file comes in so, too.
func TestWhoWritesWaitsForOneSliceAtMost(t *testing.T) {
	const slice = 250
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, _ := h.channel(t, "a")
		start := h.now.Add(-100 * 24 * time.Hour)
		h.fill(t, id, 1024, func(i int) (time.Time, string) { return start.Add(time.Duration(i) * time.Minute), strconv.Itoa(i) })
		h.rule(t, simpsons, 30, 0)
		seen := h.db.Session(&gorm.Session{NewDB: true})
		w := &watch{ConnPool: seen.Statement.ConnPool}
		seen.Statement.ConnPool = w
		h.DB = seen
		must(t, h.Keep(t.Context()))
		gone := int64(0)
		for _, n := range w.took {
			if gone += n; n > slice {
				t.Errorf("%d entries go at once", n)
			}
		}
		if gone != 1024 || len(w.took) < 5 {
			t.Errorf("%d entries went, %v at a time", gone, w.took)
		}

		var file strings.Builder
		file.WriteString("created_at,field1\n")
		for i := range 600 {
			file.WriteString(start.Add(time.Duration(i)*time.Second).Format(time.RFC3339) + ",1\n")
		}
		var parts []int
		must(t, h.Slices(strings.NewReader(file.String()), func(part []channels.Entry) error {
			parts = append(parts, len(part))
			_, err := h.ImportSlice(t.Context(), id, part, nil)
			return err
		}))
		if len(parts) != 3 || parts[0] != slice || parts[2] != 100 || h.count(t, `SELECT COUNT(*) FROM feeds`) != 600 {
			t.Errorf("a file comes in slices of %v", parts)
		}
		h.Wait()
	})
}
