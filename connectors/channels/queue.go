package channels

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// A write is an entry on its way into its channel. done is closed once the
// lower half is set.
type write struct {
	key     *keyEntry
	entry   *Entry
	at      int64 // when it came, in microseconds
	created int64 // its time, in microseconds
	given   bool  // the client gave its time
	done    chan struct{}

	number      int64
	tenant, org iam.OrgID
	err         error
}

const (
	maxTogether = 128
	maxWrite    = 10 * time.Second // for one transaction
)

// A queue gathers the entries that arrive while a transaction runs, so that the
// next one carries all of them and one sync serves many. Nobody waits for
// company: an entry that comes alone goes at once, in its own goroutine.
type queue struct {
	mu      sync.Mutex
	waiting []*write
	busy    bool
}

// store returns when w is on disk or refused.
func (q *queue) store(ctx context.Context, s *Store, w *write) {
	q.mu.Lock()
	if q.busy {
		q.waiting = append(q.waiting, w)
		q.mu.Unlock()
		<-w.done
		return
	}
	q.busy = true
	q.mu.Unlock()
	s.storeAll(ctx, []*write{w})
	if q.more() {
		go q.drain(context.WithoutCancel(ctx), s)
	}
}

// more tells whether anybody waits; if not, the next to come goes by himself.
func (q *queue) more() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = len(q.waiting) > 0
	return q.busy
}

func (q *queue) drain(ctx context.Context, s *Store) {
	for q.more() {
		q.mu.Lock()
		n := min(len(q.waiting), maxTogether)
		batch := slices.Clone(q.waiting[:n])
		q.waiting = append(q.waiting[:0], q.waiting[n:]...)
		q.mu.Unlock()
		s.storeAll(ctx, batch)
	}
}

// storeAll puts the batch into one transaction. If that fails as a whole, each
// entry gets one of its own, so that a bad one harms nobody else. One whose key
// was ending gets a second look as well, and then hears that it has ended.
func (s *Store) storeAll(ctx context.Context, batch []*write) {
	// One order for everybody: two replicas that lock channels cannot wait for each other.
	slices.SortStableFunc(batch, func(a, b *write) int { return int(a.key.channel - b.key.channel) })
	err := s.together(ctx, batch)
	for _, w := range batch {
		failed := err
		if err != nil && (len(batch) > 1 || errors.Is(err, errEnding)) {
			failed = s.together(ctx, []*write{w}) // a refusal is in w.err and no failure
		}
		if failed != nil {
			w.err = failed
		}
		if errors.Is(w.err, ErrKey) {
			s.known.forget(w.key.key)
		}
		close(w.done)
	}
}

func (s *Store) together(ctx context.Context, batch []*write) error {
	ctx, cancel := context.WithTimeout(ctx, maxWrite)
	defer cancel()
	err := s.db(ctx).Transaction(func(tx *gorm.DB) error {
		for _, w := range batch {
			w.err = w.store(ctx, tx)
			if _, refused := errors.AsType[*fault.Fault](w.err); w.err != nil && !refused {
				return w.err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, w := range batch {
		if w.err == nil {
			w.key.used.Store(true)
		}
	}
	return nil
}
