package migrations

import (
	"math/bits"
	"sync/atomic"
)

// tally counts the writer's commits by how many deeds each carried. Who holds
// the turn writes, anybody reads.
type tally struct {
	upTo   [9]atomic.Uint64 // 1, 2, 4 … 256 deeds
	deeds  atomic.Uint64
	failed atomic.Uint64
}

func (t *tally) note(b *batch) {
	if b.err != nil {
		t.failed.Add(1)
		return
	}
	t.upTo[min(bits.Len(uint(b.deeds-1)), len(t.upTo)-1)].Add(1)
	t.deeds.Add(uint64(b.deeds))
}

// Commits is what SQLite's writer has done since the start.
type Commits struct {
	UpTo   map[float64]uint64 // commits that carried so many deeds or fewer
	Count  uint64
	Deeds  uint64 // in all of them
	Failed uint64 // commits that were given up, with every deed in them
}

// Commits tells how many deeds shared how many commits; ok is false on
// PostgreSQL, which keeps such counts itself.
func (db *DB) Commits() (c Commits, ok bool) {
	if db.writer == nil {
		return c, false
	}
	t := &db.writer.tally
	c = Commits{UpTo: map[float64]uint64{}, Deeds: t.deeds.Load(), Failed: t.failed.Load()}
	for i := range t.upTo {
		c.Count += t.upTo[i].Load()
		c.UpTo[float64(int(1)<<i)] = c.Count
	}
	return c, true
}
