package channels

import (
	"database/sql"
	"math/bits"
	"slices"

	"gorm.io/gorm"

	"halfkey/migrations"
)

// A run is parts of one level that follow each other, from one up to another,
// which is not in it.
type run struct {
	level    int
	from, to int64
	longest  int64 // of its parts, in microseconds, where that is known
}

const (
	topParts = 64 // so many parts at most are looked at first
	maxDrop  = 6  // so many levels at once are gone down where parts are too long
	maxRuns  = 48 // more runs than that on one level are taken as one
)

// Parts that are short enough come together as the points that they are in;
// of the others it is known how long they are. Some are drawn in any case.
const partsOf = ` FROM feed_sums WHERE channel_id = ? AND field = ? AND level = ? AND part >= ? AND part < ? AND to_at >= ? AND from_at <= ?`

var (
	shortParts = migrations.SQL(`SELECT MIN(from_at), MIN(low), MAX(high), SUM(total), CAST(SUM(n) AS BIGINT)` + partsOf + ` AND (to_at - from_at <= ? OR part < ?) GROUP BY (from_at - ?) / ?`)
	longParts  = migrations.SQL(`SELECT part, to_at - from_at` + partsOf + ` AND to_at - from_at > ? AND part >= ? ORDER BY part`)
)

func (d *drawing) db() *gorm.DB { return d.s.db(d.ctx) }

// parts draws what is summed up. It begins with a few long parts and goes into
// those that are longer than a stretch; entries themselves are read where even
// the smallest part is.
func (d *drawing) parts() error {
	todo := cover(d.summed / partSize)
	for len(todo) > 0 {
		r := todo[0]
		todo = todo[1:]
		finer, err := d.run(r)
		if err != nil {
			return err
		}
		todo = append(todo, finer...)
	}
	return nil
}

// cover is n parts of level 0 as few runs of higher ones.
func cover(n int64) (runs []run) {
	level := max(bits.Len64(uint64(n/topParts)), 0)
	done := int64(0) // parts of level 0
	for {
		from, to := done>>level, n>>level
		if to > from {
			runs = append(runs, run{level: level, from: from, to: to})
			done = to << level
		}
		if level == 0 || done == n {
			return runs
		}
		level = max(level-4, 0)
	}
}

// run draws the parts of a run that are short enough, and says where to look
// closer. What is there as sums only cannot be looked into below level 0.
func (d *drawing) run(r run) (finer []run, err error) {
	closed := int64(0)
	if r.level == 0 && d.firstRaw > 1 {
		closed = (d.firstRaw + partSize - 2) / partSize
	}
	of := []any{int64(d.id), d.field, r.level, r.from, r.to, d.from, d.to}
	long, err := d.long(r, append(of, d.stretch, closed))
	if err != nil {
		return nil, err
	}
	if len(long) > maxRuns { // everything between the first and the last of them is looked at closer
		whole := long[0]
		whole.to = long[len(long)-1].to
		for _, l := range long {
			whole.longest = max(whole.longest, l.longest)
		}
		long = append(long[:0], whole)
		for _, side := range []run{{level: r.level, from: r.from, to: whole.from}, {level: r.level, from: whole.to, to: r.to}} {
			of[3], of[4] = side.from, side.to
			if err := d.short(of, closed); err != nil {
				return nil, err
			}
		}
	} else if err := d.short(of, closed); err != nil {
		return nil, err
	}
	for _, l := range long {
		if r.level == 0 {
			if err := d.entries(l.from*partSize, l.to*partSize); err != nil {
				return nil, err
			}
			continue
		}
		drop := min(r.level, maxDrop, bits.Len64(uint64(l.longest/d.stretch)))
		finer = append(finer, run{level: r.level - drop, from: l.from << drop, to: l.to << drop})
	}
	return finer, nil
}

func (d *drawing) short(of []any, closed int64) error {
	args := append(slices.Clone(of), d.stretch, closed, d.first, d.stretch)
	return each(shortParts.Rows(d.ctx, d.db(), args...))(func(rows *sql.Rows) error {
		var p piece
		err := rows.Scan(&p.from, &p.low, &p.high, &p.total, &p.n)
		d.add(p)
		return err
	})
}

func (d *drawing) long(r run, args []any) (long []run, err error) {
	err = each(longParts.Rows(d.ctx, d.db(), args...))(func(rows *sql.Rows) error {
		var part, length int64
		if err := rows.Scan(&part, &length); err != nil {
			return err
		}
		n := len(long)
		if n == 0 || long[n-1].to != part {
			long, n = append(long, run{level: r.level, from: part}), n+1
		}
		l := &long[n-1]
		l.to, l.longest = part+1, max(l.longest, length)
		return nil
	})
	return long, err
}
