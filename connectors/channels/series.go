package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
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

const (
	defaultPoints = 300
	fewEntries    = 2000 // are read as they are
)

// The ends are asked for one by one: each is one step in the index.
var (
	firstOf  = migrations.SQL(`SELECT created_at, entry_id FROM feeds WHERE channel_id = ? AND created_at >= ? AND created_at <= ? ORDER BY created_at LIMIT 1`)
	lastOf   = migrations.SQL(`SELECT created_at, entry_id FROM feeds WHERE channel_id = ? AND created_at >= ? AND created_at <= ? ORDER BY created_at DESC LIMIT 1`)
	howMany  = migrations.SQL(`SELECT COUNT(*) FROM (SELECT 1 FROM feeds WHERE channel_id = ? AND created_at >= ? AND created_at <= ? LIMIT ?) few`)
	oldest   = migrations.SQL(`SELECT created_at, entry_id FROM feeds WHERE channel_id = ? ORDER BY entry_id LIMIT 1`)
	summedTo = migrations.SQL(`SELECT summed FROM feed_marks WHERE channel_id = ?`)
	firstSum = migrations.SQL(`SELECT from_at FROM feed_sums WHERE channel_id = ? AND field = ? AND level = 0 ORDER BY part LIMIT 1`)
)

// The readings within the bounds; of the entries between two numbers only.
var (
	readings      = forFields(`SELECT created_at, FIELD FROM feeds WHERE channel_id = ? AND created_at >= ? AND created_at <= ? AND FIELD IS NOT NULL`)
	readingsAmong = forFields(`SELECT created_at, FIELD FROM feeds WHERE channel_id = ? AND entry_id > ? AND entry_id <= ? AND created_at >= ? AND created_at <= ? AND FIELD IS NOT NULL`)
)

// forFields makes a statement for each field, with its column in place of FIELD.
func forFields(text string) (st [MaxFields]migrations.Statement) {
	for i := range st {
		st[i] = migrations.SQL(strings.ReplaceAll(text, "FIELD", "field"+strconv.Itoa(i+1)))
	}
	return st
}

// Series draws a field (1 to 8) from one time to another in at most maxPoints
// points, 300 if it is 0: each the lowest, mean and highest reading of an equal
// stretch. Stretches without a number have no point. Where there are very many
// readings, or old ones were let go, those of a stretch are taken as a few at
// once, and one may be counted to the stretch beside its own.
func (s *Store) Series(ctx context.Context, channel string, field int, from, to time.Time, maxPoints int) ([]Point, error) {
	id, err := s.Number(ctx, channel)
	if err != nil || field < 1 || field > MaxFields {
		return nil, err
	}
	if maxPoints <= 0 {
		maxPoints = defaultPoints
	}
	d := drawing{s: s, ctx: ctx, id: id, field: field, from: iam.Micros(from), to: iam.Micros(to)}
	if err := d.draw(int64(maxPoints)); err != nil {
		return nil, fmt.Errorf("series of channel %s: %w", channel, err)
	}
	return d.points(), nil
}

// A drawing is a chart's points in the making. Times are in microseconds.
type drawing struct {
	s        *Store
	ctx      context.Context
	id       ID
	field    int
	from, to int64

	summed   int64 // entries up to this one are summed up
	firstRaw int64 // entries before this one are there as sums only
	cut      bool  // and some of those lie within the bounds
	manyLie  bool  // the numbers of the entries within the bounds lie far apart
	apart    int64 // time between two entries, about
	first    int64 // of the readings' times
	last     int64
	stretch  int64
	buckets  []piece
}

// A piece is what some readings come to.
type piece struct {
	part      int64 // where it is a part: its number
	from, to  int64
	n         int64
	low, high float64
	total     float64
}

func (d *drawing) draw(maxPoints int64) error {
	some, err := d.span()
	if err != nil || !some {
		return err
	}
	d.stretch = (d.last-d.first)/maxPoints + 1
	d.buckets = make([]piece, (d.last-d.first)/d.stretch+1)
	many, err := d.many()
	if err != nil {
		return err
	}
	if !many {
		return d.read(readings[d.field-1], int64(d.id), d.from, d.to)
	}
	if err := d.parts(); err != nil {
		return err
	}
	return d.entries(d.summed, endOfTime)
}

// span finds how far the readings within the bounds really reach, if there are any.
func (d *drawing) span() (some bool, err error) {
	bounds := []any{int64(d.id), d.from, d.to}
	firstEntry, lastEntry, oldestAt := int64(0), int64(0), int64(0)
	for _, q := range []struct {
		st     migrations.Statement
		args   []any
		at, of *int64
	}{{firstOf, bounds, &d.first, &firstEntry}, {lastOf, bounds, &d.last, &lastEntry}, {oldest, bounds[:1], &oldestAt, &d.firstRaw}} {
		switch err := q.st.Row(d.ctx, d.db(), q.args...).Scan(q.at, q.of); {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return false, err
		}
	}
	some = lastEntry > 0
	d.manyLie = lastEntry-firstEntry > fewEntries
	d.apart = max(0, d.last-d.first) / max(1, lastEntry-firstEntry)
	if d.firstRaw == 1 || d.firstRaw > 1 && oldestAt <= d.from {
		return some, nil
	}
	if d.firstRaw == 0 {
		d.firstRaw = endOfTime
	}
	var sumAt int64
	switch err := firstSum.Row(d.ctx, d.db(), int64(d.id), d.field).Scan(&sumAt); {
	case errors.Is(err, sql.ErrNoRows):
		return some, nil
	case err != nil:
		return false, err
	}
	if d.first = max(d.from, sumAt); !some {
		d.last = d.to
	}
	d.cut = true
	return d.last >= d.first, nil
}

// many tells whether sums are worth asking: there are many entries, or what lies
// within the bounds is partly let go.
func (d *drawing) many() (bool, error) {
	switch err := summedTo.Row(d.ctx, d.db(), int64(d.id)).Scan(&d.summed); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	}
	if d.summed == 0 || d.cut || d.manyLie {
		return d.summed > 0, nil
	}
	var n int
	err := howMany.Row(d.ctx, d.db(), int64(d.id), d.from, d.to, fewEntries+1).Scan(&n)
	return n > fewEntries, err
}

func (d *drawing) entries(above, upTo int64) error {
	return d.read(readingsAmong[d.field-1], int64(d.id), above, upTo, d.from, d.to)
}

func (d *drawing) read(st migrations.Statement, args ...any) error {
	return each(st.Rows(d.ctx, d.db(), args...))(func(rows *sql.Rows) error {
		var at int64
		var text sql.RawBytes
		err := rows.Scan(&at, &text)
		if n, ok := Number(string(text)); ok && drawable(n) {
			d.add(piece{from: at, n: 1, low: n, high: n, total: n})
		}
		return err
	})
}

func (d *drawing) add(p piece) {
	at := max(p.from, d.first)
	i := (at - d.first) / d.stretch
	if i >= int64(len(d.buckets)) {
		return
	}
	b := &d.buckets[i]
	if b.n == 0 {
		*b = p
		b.from = at
		return
	}
	b.from, b.low, b.high = min(b.from, at), min(b.low, p.low), max(b.high, p.high)
	b.n, b.total = b.n+p.n, b.total+p.total
}

func (d *drawing) points() (points []Point) {
	for _, b := range d.buckets {
		if b.n > 0 {
			points = append(points, Point{At: iam.Time(b.from), Min: b.low, Avg: b.total / float64(b.n), Max: b.high, Count: int(b.n)})
		}
	}
	return points
}
