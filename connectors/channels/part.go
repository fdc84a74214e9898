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
	maxAhead = 3  // so many levels lower than those one begins where they are too long
	maxDrop  = 6  // so many levels at once are gone down where parts are too long
	maxRuns  = 48 // more runs than that on one level are taken as one
)

// Parts come one by one and are put together here: a database that groups them
// takes longer than one that only hands them out.
var partsOf = migrations.SQL(`SELECT part, from_at, to_at, n, low, high, total FROM feed_sums
WHERE channel_id = ? AND field = ? AND level = ? AND part >= ? AND part < ? AND to_at >= ? AND from_at <= ? ORDER BY part`)

func (d *drawing) db() *gorm.DB { return d.s.db(d.ctx) }

// parts draws what is summed up. It begins with a few long parts and goes into
// those that are longer than a stretch; entries themselves are read where even
// the smallest part is.
func (d *drawing) parts() error {
	todo := d.cover(d.summed / partSize)
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

// cover is n parts of level 0 as few runs of higher ones. The first is begun a
// little lower where its parts are likely to be too long.
func (d *drawing) cover(n int64) (runs []run) {
	level := bits.Len64(uint64(n / topParts))
	level -= min(level, maxAhead, bits.Len64(uint64(d.apart*partSize<<level/d.stretch)))
	for done := int64(0); ; level = bits.Len64(uint64((n - done) / topParts)) {
		if from, to := done>>level, n>>level; to > from {
			runs = append(runs, run{level: level, from: from, to: to})
			done = to << level
		}
		if done == n {
			return runs
		}
	}
}

// run draws the parts of a run that are short enough, and says where to look
// closer. What is there as sums only cannot be looked into below level 0.
func (d *drawing) run(r run) (finer []run, err error) {
	closed := int64(0)
	if r.level == 0 && d.firstRaw > 1 {
		closed = (d.firstRaw + partSize - 2) / partSize
	}
	short, long, err := d.look(r, closed)
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
		short = slices.DeleteFunc(short, func(p piece) bool { return p.part >= whole.from && p.part < whole.to })
	}
	for _, p := range short {
		d.add(p)
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

// look gives the parts of a run that are short enough, or below closed, and the
// others as runs.
func (d *drawing) look(r run, closed int64) (short []piece, long []run, err error) {
	err = each(partsOf.Rows(d.ctx, d.db(), int64(d.id), d.field, r.level, r.from, r.to, d.from, d.to))(func(rows *sql.Rows) error {
		var p piece
		if err := rows.Scan(&p.part, &p.from, &p.to, &p.n, &p.low, &p.high, &p.total); err != nil {
			return err
		}
		if p.to-p.from <= d.stretch || p.part < closed {
			short = append(short, p)
			return nil
		}
		n := len(long)
		if n == 0 || long[n-1].to != p.part {
			long, n = append(long, run{level: r.level, from: p.part}), n+1
		}
		l := &long[n-1]
		l.to, l.longest = p.part+1, max(l.longest, p.to-p.from)
		return nil
	})
	return short, long, err
}
