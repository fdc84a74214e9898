package channels

import (
	"context"
	"fmt"
	"strings"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// A Point sums up the readings of one stretch of time.
type Point struct {
	At            time.Time // of the first of them
	Min, Avg, Max float64
	Count         int
}

const defaultPoints = 300

// spanOf is how far the readings within the bounds really reach.
var spanOf = migrations.SQL(`SELECT MIN(created_at), MAX(created_at) FROM feeds WHERE channel_id = ? AND created_at >= ? AND created_at <= ?`)

// The stretches are counted from the first reading on. What is no number is left out.
const bucketed = `SELECT MIN(at), MIN(n), AVG(n), MAX(n), COUNT(*) FROM (SELECT created_at AS at, %s AS n FROM feeds
WHERE channel_id = ? AND created_at >= ? AND created_at <= ? AND FIELD IS NOT NULL) r WHERE n IS NOT NULL GROUP BY (at - ?) / ? ORDER BY 1`

// How each dialect reads a number out of a text, without an error for one that is none.
const (
	liteNumber = `CASE WHEN TRIM(FIELD) GLOB '[-+.0-9]*' AND FIELD GLOB '*[0-9]*' AND NOT FIELD GLOB '*[^-+0-9.eE ]*' AND NOT FIELD GLOB '*[-+0-9.][-+]*'
AND NOT FIELD GLOB '*.*.*' AND NOT FIELD GLOB '*[eE]*[eE.]*' AND NOT TRIM(FIELD) GLOB '* *' AND NOT TRIM(FIELD) GLOB '*[-+eE]' THEN CAST(FIELD AS REAL) END`
	pgNumber = `CASE WHEN FIELD ~ '^ *[-+]{0,1}([0-9]{1,30}[.]{0,1}[0-9]{0,30}|[.][0-9]{1,30})([eE][-+]{0,1}[0-9]{1,2}){0,1} *$' THEN CAST(FIELD AS DOUBLE PRECISION) END`
)

var seriesOf = func() (st [MaxFields]migrations.Statement) {
	for i := range st {
		name := fmt.Sprintf("field%d", i+1)
		st[i] = migrations.Dialects(strings.ReplaceAll(fmt.Sprintf(bucketed, liteNumber), "FIELD", name),
			strings.ReplaceAll(fmt.Sprintf(bucketed, pgNumber), "FIELD", name))
	}
	return st
}()

// Series draws a field (1 to 8) from one time to another in at most maxPoints
// points, 300 if it is 0: each the lowest, mean and highest reading of an equal
// stretch. Stretches without a number have no point.
func (s *Store) Series(ctx context.Context, channel string, field int, from, to time.Time, maxPoints int) ([]Point, error) {
	id, err := numbered(channel)
	if err != nil || field < 1 || field > MaxFields {
		return nil, err
	}
	if maxPoints <= 0 {
		maxPoints = defaultPoints
	}
	var first, last *int64
	if err := spanOf.Row(ctx, s.db(ctx), int64(id), iam.Micros(from), iam.Micros(to)).Scan(&first, &last); err != nil {
		return nil, fmt.Errorf("series of channel %s: %w", channel, err)
	}
	if first == nil {
		return nil, nil
	}
	stretch := (*last-*first)/int64(maxPoints) + 1
	rows, err := seriesOf[field-1].Rows(ctx, s.db(ctx), int64(id), *first, *last, *first, stretch)
	if err != nil {
		return nil, fmt.Errorf("series of channel %s: %w", channel, err)
	}
	defer rows.Close()
	var points []Point
	for rows.Next() {
		var p Point
		var at int64
		if err := rows.Scan(&at, &p.Min, &p.Avg, &p.Max, &p.Count); err != nil {
			return nil, fmt.Errorf("series of channel %s: %w", channel, err)
		}
		p.At = iam.Time(at)
		points = append(points, p)
	}
	return points, rows.Err()
}
