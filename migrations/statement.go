package migrations

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// A Statement is SQL written by hand, with a ? for each parameter, for paths
// where GORM's builder would cost more than the database.
type Statement struct{ lite, pg string }

// SQL makes a statement that both dialects understand.
func SQL(text string) Statement { return Dialects(text, text) }

// Dialects makes one whose text differs. It has no literal question mark.
func Dialects(lite, pg string) Statement {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(pg, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return Statement{lite, b.String()}
}

// On gives the text for tx's dialect, and where to run it.
func (s Statement) On(tx *gorm.DB) (gorm.ConnPool, string) {
	if tx.Name() == Postgres {
		return tx.Statement.ConnPool, s.pg
	}
	return tx.Statement.ConnPool, s.lite
}

// Exec runs a statement that gives no rows.
func (s Statement) Exec(ctx context.Context, tx *gorm.DB, args ...any) (sql.Result, error) {
	pool, text := s.On(tx)
	return pool.ExecContext(ctx, text, args...)
}

// Row runs one that gives a row, or sql.ErrNoRows.
func (s Statement) Row(ctx context.Context, tx *gorm.DB, args ...any) *sql.Row {
	pool, text := s.On(tx)
	return pool.QueryRowContext(ctx, text, args...)
}

// Rows runs one that gives many.
func (s Statement) Rows(ctx context.Context, tx *gorm.DB, args ...any) (*sql.Rows, error) {
	pool, text := s.On(tx)
	return pool.QueryContext(ctx, text, args...)
}

// Insert runs an INSERT … ON CONFLICT DO NOTHING into a table that numbers its
// rows in the column id, and gives the number; fresh is false where the row was
// there before. SQLite tells the number anyway: there RETURNING would cost
// four times the insert.
func (s Statement) Insert(ctx context.Context, tx *gorm.DB, args ...any) (id int64, fresh bool, err error) {
	pool, text := s.On(tx)
	if tx.Name() == Postgres {
		err = pool.QueryRowContext(ctx, text+" RETURNING id", args...).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, false, nil
		}
		return id, err == nil, err
	}
	res, err := pool.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, false, err
	}
	id, err = res.LastInsertId()
	return id, err == nil, err
}
