package limit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

const (
	shareEvery  = 250 * time.Millisecond
	forgetEvery = time.Minute
	shareBatch  = 500  // rows a statement, four parameters each
	sweepBatch  = 1000 // rows a statement
)

// Run adds up what replicas count, until ctx ends, and drops counters that have
// ended from memory. What stays of them in the table is for Sweep.
func (l *Limiter) Run(ctx context.Context) {
	share, forget := time.NewTicker(shareEvery), time.NewTicker(forgetEvery)
	defer share.Stop()
	defer forget.Stop()
	for {
		select {
		case <-share.C:
			if err := l.Share(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "limits are not shared for now", "error", err)
			}
		case <-forget.C:
			l.forget()
		case <-ctx.Done():
			return
		}
	}
}

// tally is what one name has counted since it was last shared.
type tally struct {
	name           string
	n              int64
	period, endsAt int64
}

// Share adds our counts to the table and takes over its totals. What could not
// be sent is sent the next time.
func (l *Limiter) Share(ctx context.Context) error {
	if !l.shared {
		return nil
	}
	unsent := l.unsent()
	// One order for everybody: two replicas that lock rows cannot wait for each other.
	slices.SortFunc(unsent, func(a, b tally) int { return strings.Compare(a.name, b.name) })
	for len(unsent) > 0 {
		batch := unsent[:min(len(unsent), shareBatch)]
		unsent = unsent[len(batch):]
		if err := l.send(ctx, batch); err != nil {
			l.keep(batch)
			l.keep(unsent)
			return err
		}
	}
	return nil
}

func (l *Limiter) unsent() []tally {
	now := l.now().UnixMicro()
	var all []tally
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for name, c := range s.counters {
			if c.unsent != 0 && c.endsAt > now {
				all = append(all, tally{name, c.unsent, c.period, c.endsAt})
				c.unsent = 0
			}
		}
		s.mu.Unlock()
	}
	return all
}

// add is the statement for one batch. A window that has ended begins anew.
const add = `INSERT INTO limits AS l (name, period, n, ends_at) VALUES %s
ON CONFLICT (name, period) DO UPDATE SET
 n = CASE WHEN l.ends_at <= ? THEN excluded.n ELSE l.n + excluded.n END,
 ends_at = CASE WHEN l.ends_at <= ? THEN excluded.ends_at ELSE l.ends_at END
RETURNING name, n, ends_at`

func (l *Limiter) send(ctx context.Context, batch []tally) error {
	now := l.now().UnixMicro()
	args := make([]any, 0, 4*len(batch)+2)
	for _, t := range batch {
		args = append(args, t.name, t.period, t.n, t.endsAt)
	}
	args = append(args, now, now)
	places := strings.TrimSuffix(strings.Repeat("(?,?,?,?),", len(batch)), ",")
	rows, err := l.db.WithContext(ctx).Raw(fmt.Sprintf(add, places), args...).Rows()
	if err != nil {
		return fmt.Errorf("share limits: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n, endsAt int64
		if err := rows.Scan(&name, &n, &endsAt); err != nil {
			return fmt.Errorf("share limits: %w", err)
		}
		l.learn(name, n, endsAt)
	}
	return rows.Err()
}

// learn takes over a total, to which comes what was counted since.
func (l *Limiter) learn(name string, n, endsAt int64) {
	s := l.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.counters[name]; ok {
		c.n, c.endsAt = n+c.unsent, endsAt
	}
}

func (l *Limiter) keep(batch []tally) {
	for _, t := range batch {
		s := l.shard(t.name)
		s.mu.Lock()
		if c, ok := s.counters[t.name]; ok {
			c.unsent += t.n
		}
		s.mu.Unlock()
	}
}

// forget drops counters that have ended.
func (l *Limiter) forget() {
	now := l.now().UnixMicro()
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for name, c := range s.counters {
			if c.endsAt <= now {
				delete(s.counters, name)
			}
		}
		s.mu.Unlock()
	}
}

// A row that a replica is just counting on is skipped: two that lock rows in
// different orders would wait for each other.
const sweep = `DELETE FROM limits WHERE (name, period) IN
 (SELECT name, period FROM limits WHERE ends_at <= ? LIMIT ? FOR UPDATE SKIP LOCKED)`

// Sweep removes what has ended from the table, a batch at a time. One replica
// does it for all.
func (l *Limiter) Sweep(ctx context.Context) error {
	if !l.shared {
		return nil
	}
	now := l.now().UnixMicro()
	for {
		done := l.db.WithContext(ctx).Exec(sweep, now, sweepBatch)
		if done.Error != nil {
			return fmt.Errorf("sweep limits: %w", done.Error)
		}
		if done.RowsAffected < sweepBatch {
			return nil
		}
	}
}
