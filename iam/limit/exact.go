package limit

import (
	"context"
	"fmt"
	"time"
)

// AllowExactly is Allow for what is rare and precious: over all replicas never
// more than max. It asks the table at once, where there is one, and fails when
// that does not answer.
func (l *Limiter) AllowExactly(ctx context.Context, name string, max int, per time.Duration) (ok bool, retryAfter time.Duration, err error) {
	if !l.shared {
		ok, retryAfter = l.Allow(name, max, per)
		return ok, retryAfter, nil
	}
	now := l.now()
	l.Add(name, 0, per)
	var n, endsAt int64
	err = l.db.WithContext(ctx).Raw(fmt.Sprintf(add, "(?,?,?,?)"), name, per.Microseconds(), 1, now.Add(per).UnixMicro(), now.UnixMicro(), now.UnixMicro()).
		Row().Scan(&name, &n, &endsAt)
	if err != nil {
		return false, 0, fmt.Errorf("ask for a limit: %w", err)
	}
	l.learn(name, n, endsAt)
	if n > int64(max) {
		l.Add(name, -1, per) // what was not allowed does not count
		return false, time.Duration(endsAt-now.UnixMicro()) * time.Microsecond, nil
	}
	return true, 0, nil
}

// Count tells how many of name there are in its window, as far as is known here.
func (l *Limiter) Count(name string) int {
	s := l.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.counters[name]; ok && c.endsAt > l.now().UnixMicro() {
		return int(c.n)
	}
	return 0
}

// Rest lets name's window, of length per, end only so long from now: who has
// reached a limit waits in full, or longer. On every replica, like AllowExactly.
func (l *Limiter) Rest(ctx context.Context, name string, per, rest time.Duration) error {
	now := l.now()
	s := l.shard(name)
	s.mu.Lock()
	c := s.open(name, per, now.UnixMicro())
	c.endsAt = now.Add(rest).UnixMicro()
	s.mu.Unlock()
	if !l.shared {
		return nil
	}
	err := l.db.WithContext(ctx).Exec("UPDATE limits SET ends_at = ? WHERE name = ? AND period = ?",
		now.Add(rest).UnixMicro(), name, per.Microseconds()).Error
	if err != nil {
		return fmt.Errorf("rest a limit: %w", err)
	}
	return nil
}
