package channels

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// MaxRows is how many entries one reading returns at most.
const MaxRows = 8000

// A Row is an entry as it was stored.
type Row struct {
	Entry     int64
	Created   time.Time
	Fields    [MaxFields]*string
	Status    *string
	Latitude  *string
	Longitude *string
	Elevation *string
}

// A Query picks entries by their time: those from Start to End, both included,
// of these the newest Results. Zero times are no bounds.
type Query struct {
	Start   time.Time
	End     time.Time
	Results int  // at most, and never more than MaxRows; 0 is MaxRows
	Status  bool // only those that have a status
}

const rowColumns = `entry_id, created_at, field1, field2, field3, field4, field5, field6, field7, field8, status, latitude, longitude, elevation`

const selectRows = `SELECT ` + rowColumns + ` FROM feeds WHERE channel_id = ?`

var (
	rowsInRange = migrations.SQL(selectRows + ` AND created_at >= ? AND created_at <= ? ORDER BY created_at DESC, entry_id DESC LIMIT ?`)
	statusRange = migrations.SQL(selectRows + ` AND status IS NOT NULL AND created_at >= ? AND created_at <= ? ORDER BY created_at DESC, entry_id DESC LIMIT ?`)
	lastStatus  = migrations.SQL(selectRows + ` AND status IS NOT NULL ORDER BY entry_id DESC LIMIT 1`)
	rowOfEntry  = migrations.SQL(selectRows + ` AND entry_id = ?`)
	lastRow     = migrations.SQL(selectRows + ` ORDER BY entry_id DESC LIMIT 1`)
	lastOfField = func() (st [MaxFields]migrations.Statement) {
		for i := range st {
			st[i] = migrations.SQL(selectRows + ` AND field` + strconv.Itoa(i+1) + ` IS NOT NULL ORDER BY entry_id DESC LIMIT 1`)
		}
		return st
	}()
)

// endOfTime is later than any entry, in microseconds.
const endOfTime = 1<<63 - 1

// Feed is what the query picks, oldest first.
func (s *Store) Feed(ctx context.Context, id ID, q Query) ([]Row, error) {
	start, end := int64(-endOfTime), int64(endOfTime)
	if !q.Start.IsZero() {
		start = iam.Micros(q.Start)
	}
	if !q.End.IsZero() {
		end = iam.Micros(q.End)
	}
	n := q.Results
	if n <= 0 || n > MaxRows {
		n = MaxRows
	}
	st := rowsInRange
	if q.Status {
		st = statusRange
	}
	rows, err := s.rows(ctx, st, int64(id), start, end, n)
	slices.Reverse(rows)
	return rows, err
}

// Last is the entry with the highest number, whatever its time; with a field
// from 1 to 8, the highest where that field has a value. ErrEntry if there is none.
func (s *Store) Last(ctx context.Context, id ID, field int) (Row, error) {
	st := lastRow
	if field > 0 {
		st = lastOfField[field-1]
	}
	return s.row(ctx, st, int64(id))
}

// LastStatus is the entry with the highest number that has a status, or ErrEntry.
func (s *Store) LastStatus(ctx context.Context, id ID) (Row, error) {
	return s.row(ctx, lastStatus, int64(id))
}

// Entry is the entry with that number, or ErrEntry.
func (s *Store) Entry(ctx context.Context, id ID, number int64) (Row, error) {
	return s.row(ctx, rowOfEntry, int64(id), number)
}

func (s *Store) row(ctx context.Context, st migrations.Statement, args ...any) (Row, error) {
	rows, err := s.rows(ctx, st, args...)
	if err != nil {
		return Row{}, err
	}
	if len(rows) == 0 {
		return Row{}, ErrEntry
	}
	return rows[0], nil
}

func (s *Store) rows(ctx context.Context, st migrations.Statement, args ...any) ([]Row, error) {
	return rowsOf(st.Rows(ctx, s.db(ctx), args...))
}

func rowsOf(rows *sql.Rows, err error) (list []Row, _ error) {
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		var created int64
		f := &r.Fields
		if err := rows.Scan(&r.Entry, &created, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7],
			&r.Status, &r.Latitude, &r.Longitude, &r.Elevation); err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		r.Created = iam.Time(created)
		list = append(list, r)
	}
	return list, rows.Err()
}
