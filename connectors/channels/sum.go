package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"halfkey/migrations"
)

// A long chart is drawn from sums: what 16 entries that follow each other come to,
// what two such parts come to, and so on. A part never changes, and none is made
// while a value waits: they are made afterwards, for many entries at once.
const (
	partSize  = 16   // entries in a part of level 0
	sumEvery  = 256  // a channel is summed up when so many more have come
	sumAtOnce = 1024 // entries in one transaction
)

var (
	takeMark   = migrations.SQL(`INSERT INTO feed_marks (channel_id, summed) VALUES (?, 0) ON CONFLICT (channel_id) DO UPDATE SET summed = feed_marks.summed RETURNING summed`)
	setMark    = migrations.SQL(`UPDATE feed_marks SET summed = ? WHERE channel_id = ?`)
	takeSummed = migrations.SQL(`SELECT created_at FROM feeds WHERE channel_id = ? AND entry_id = ?`)
	markedTo   = migrations.SQL(`SELECT c.last_entry_id, COALESCE(m.summed, 0) FROM channels c LEFT JOIN feed_marks m ON m.channel_id = c.id WHERE c.id = ?`)
	toSum      = migrations.SQL(`SELECT entry_id, created_at, field1, field2, field3, field4, field5, field6, field7, field8 FROM feeds
WHERE channel_id = ? AND entry_id > ? AND entry_id <= ? ORDER BY entry_id`)
	insertPart = migrations.SQL(`INSERT INTO feed_sums (channel_id, field, level, part, from_at, to_at, n, low, high, total) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	sumParts   = migrations.SQL(`INSERT INTO feed_sums (channel_id, field, level, part, from_at, to_at, n, low, high, total)
SELECT channel_id, field, level + 1, part / 2, MIN(from_at), MAX(to_at), SUM(n), MIN(low), MAX(high), SUM(total) FROM feed_sums
WHERE channel_id = ? AND field IN (1, 2, 3, 4, 5, 6, 7, 8) AND level = ? AND part >= ? AND part < ? GROUP BY channel_id, field, level, part / 2 ON CONFLICT DO NOTHING`)
	unsummed = migrations.SQL(`SELECT c.id FROM channels c LEFT JOIN feed_marks m ON m.channel_id = c.id
WHERE c.last_entry_id >= COALESCE(m.summed, 0) + ? ORDER BY c.id`)
)

// summing is which channels wait to be summed up, by one goroutine that ends
// when there is nothing to do.
type summing struct {
	mu      sync.Mutex
	waiting map[ID]struct{}
	busy    bool
	done    sync.WaitGroup
}

// grew notes that a channel's entries now reach from before to after. Every so
// often that makes it one to be summed up.
func (s *Store) grew(id ID, before, after int64) {
	if before/sumEvery == after/sumEvery {
		return
	}
	s.summing.mu.Lock()
	defer s.summing.mu.Unlock()
	if s.summing.waiting == nil {
		s.summing.waiting = map[ID]struct{}{}
	}
	s.summing.waiting[id] = struct{}{}
	if !s.summing.busy {
		s.summing.busy = true
		s.summing.done.Go(s.sumWaiting)
	}
}

func (s *Store) sumWaiting() {
	for {
		s.summing.mu.Lock()
		var next ID
		for next = range s.summing.waiting {
			break
		}
		delete(s.summing.waiting, next)
		if s.summing.busy = next != 0; !s.summing.busy {
			s.summing.mu.Unlock()
			return
		}
		s.summing.mu.Unlock()
		_ = s.Sum(context.Background(), next) // what fails now, the timetable does
	}
}

// Wait returns when what was begun beside a request is done; call it at the end.
func (s *Store) Wait() { s.summing.done.Wait() }

// SumAll sums up what nobody did: after a restart, or of channels older than sums.
func (s *Store) SumAll(ctx context.Context) error {
	var ids []ID
	err := each(unsummed.Rows(ctx, s.db(ctx), sumEvery))(func(rows *sql.Rows) error {
		var id ID
		err := rows.Scan((*int64)(&id))
		ids = append(ids, id)
		return err
	})
	for _, id := range ids {
		if err == nil {
			err = s.Sum(ctx, id)
		}
	}
	return err
}

// Sum sums up a channel's entries as far as they fill a part. Entries are read
// before the transaction, which only writes.
func (s *Store) Sum(ctx context.Context, id ID) error {
	for {
		t, err := s.toSum(ctx, id)
		if err == nil && t.end > t.mark {
			err = s.db(ctx).Transaction(func(tx *gorm.DB) error { return t.store(ctx, tx) })
		}
		if err != nil {
			return fmt.Errorf("sum up channel %s: %w", id, err)
		}
		if t.end-t.mark < sumAtOnce {
			return nil
		}
	}
}

// A sumTask is the next entries of a channel and what they come to.
type sumTask struct {
	id        ID
	mark, end int64 // entries above and up to
	endAt     int64 // the time of the last, in microseconds
	parts     []fieldPart
}

type fieldPart struct {
	field int
	piece
}

func (s *Store) toSum(ctx context.Context, id ID) (t sumTask, err error) {
	var last int64
	switch err := markedTo.Row(ctx, s.db(ctx), int64(id)).Scan(&last, &t.mark); {
	case errors.Is(err, sql.ErrNoRows):
		return t, nil
	case err != nil:
		return t, err
	}
	t.id, t.end = id, min(last, t.mark+sumAtOnce)/partSize*partSize
	if t.end <= t.mark {
		return t, nil
	}
	var open [MaxFields]piece
	part := t.mark / partSize
	flush := func(next int64) {
		for i := range open {
			if open[i].n > 0 {
				open[i].part = part
				t.parts = append(t.parts, fieldPart{i + 1, open[i]})
			}
		}
		open, part = [MaxFields]piece{}, next
	}
	err = each(toSum.Rows(ctx, s.db(ctx), int64(id), t.mark, t.end))(func(rows *sql.Rows) error {
		var entry int64
		var f [MaxFields]sql.RawBytes
		if err := rows.Scan(&entry, &t.endAt, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7]); err != nil {
			return err
		}
		if p := (entry - 1) / partSize; p != part {
			flush(p)
		}
		for i, v := range f {
			if v == nil {
				continue
			}
			if n, ok := Number(string(v)); ok && drawable(n) {
				open[i].take(t.endAt, n)
			}
		}
		return nil
	})
	flush(0)
	return t, err
}

// drawable leaves out what no picture has room for, and no sum.
func drawable(n float64) bool { return n > -1e130 && n < 1e130 }

func (p *piece) take(at int64, n float64) {
	if p.n == 0 {
		p.from, p.to, p.low, p.high = at, at, n, n
	}
	p.from, p.to, p.low, p.high = min(p.from, at), max(p.to, at), min(p.low, n), max(p.high, n)
	p.n, p.total = p.n+1, p.total+n
}

// store writes what was summed up, if the channel is still as it was read. The
// mark is taken first: a channel that is being cleared is either summed up
// before, or counted anew.
func (t *sumTask) store(ctx context.Context, tx *gorm.DB) error {
	var mark, endAt int64
	if err := takeMark.Row(ctx, tx, int64(t.id)).Scan(&mark); err != nil {
		return err
	}
	switch err := takeSummed.Row(ctx, tx, int64(t.id), t.end).Scan(&endAt); {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case err != nil || mark != t.mark || endAt != t.endAt:
		t.end = t.mark // somebody was faster, or cleared it
		return nil
	}
	for _, p := range t.parts {
		if _, err := insertPart.Exec(ctx, tx, int64(t.id), p.field, p.part, p.from, p.to, p.n, p.low, p.high, p.total); err != nil {
			return err
		}
	}
	// A part of the next level is made when its second half is.
	from, to := t.mark/partSize, t.end/partSize
	for level := 0; from/2 < to/2; level++ {
		from, to = from/2, to/2
		if _, err := sumParts.Exec(ctx, tx, int64(t.id), level, from*2, to*2); err != nil {
			return err
		}
	}
	_, err := setMark.Exec(ctx, tx, t.end, int64(t.id))
	return err
}
