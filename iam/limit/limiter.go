// Package limit counts how often something happened in a while, and says when
// it is too often. Counters live in memory; on PostgreSQL what replicas count
// is added up in the table limits, several times a second. The package knows
// nothing of who is counted: a name is any text. Under a flood of names it
// stays within its bound and forgets the smallest counters first.
package limit

import (
	"hash/maphash"
	"sync"
	"time"

	"gorm.io/gorm"
)

const (
	shardCount = 16
	shardMost  = 4096 // counters a shard; about 150 bytes each
)

// Limiter counts. Make it with New and let Run share the counts.
type Limiter struct {
	db     *gorm.DB
	now    func() time.Time
	shared bool // other replicas count too
	seed   maphash.Seed
	shards [shardCount]shard
}

type shard struct {
	mu       sync.Mutex
	counters map[string]*counter
}

// A counter's window opens with the first count and ends after its period.
type counter struct {
	n      int64 // as far as we know, over all replicas
	unsent int64 // of these, what the table has not heard yet
	period int64 // microseconds
	endsAt int64 // microseconds since 1970
}

// New makes a limiter. With a database that replicas share, Run adds their counts up.
func New(db *gorm.DB, now func() time.Time) *Limiter {
	l := &Limiter{db: db, now: now, seed: maphash.MakeSeed(), shared: db != nil && db.Name() == "postgres"}
	for i := range l.shards {
		l.shards[i].counters = map[string]*counter{}
	}
	return l
}

// Allow counts one more of name, unless there were max in its window of length
// per already: then it is false, with the time until the window ends.
func (l *Limiter) Allow(name string, max int, per time.Duration) (ok bool, retryAfter time.Duration) {
	now := l.now().UnixMicro()
	s := l.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open(name, per, now)
	if c.n >= int64(max) {
		return false, time.Duration(c.endsAt-now) * time.Microsecond
	}
	c.n++
	c.unsent++
	return true, 0
}

// Peek says what Allow would say, and counts nothing.
func (l *Limiter) Peek(name string, max int) (ok bool, retryAfter time.Duration) {
	now := l.now().UnixMicro()
	s := l.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	c, found := s.counters[name]
	if !found || c.endsAt <= now || c.n < int64(max) {
		return true, 0
	}
	return false, time.Duration(c.endsAt-now) * time.Microsecond
}

// Add counts n of name, whatever the limit; a negative n gives back. It tells
// how many there are now.
func (l *Limiter) Add(name string, n int, per time.Duration) int {
	now := l.now().UnixMicro()
	s := l.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open(name, per, now)
	n = max(n, int(-c.n))
	c.n += int64(n)
	c.unsent += int64(n)
	return int(c.n)
}

func (l *Limiter) shard(name string) *shard {
	return &l.shards[maphash.String(l.seed, name)%shardCount]
}

// open finds name's counter in a window that has not ended. The caller holds the lock.
func (s *shard) open(name string, per time.Duration, now int64) *counter {
	c, ok := s.counters[name]
	switch {
	case !ok:
		s.makeRoom(now)
		c = &counter{} // its window has ended long ago
		s.counters[name] = c
		fallthrough
	case c.endsAt <= now:
		*c = counter{period: per.Microseconds(), endsAt: now + per.Microseconds()}
	}
	return c
}

// makeRoom drops, of a few counters, those that have ended, or else the one
// that has counted least: a flood of new names must not wash a full one away.
func (s *shard) makeRoom(now int64) {
	if len(s.counters) < shardMost {
		return
	}
	looked, least := 0, ""
	for name, c := range s.counters {
		if c.endsAt <= now {
			delete(s.counters, name)
		} else if least == "" || c.n < s.counters[least].n {
			least = name
		}
		if looked++; looked == 16 {
			break
		}
	}
	if len(s.counters) >= shardMost {
		delete(s.counters, least)
	}
}
