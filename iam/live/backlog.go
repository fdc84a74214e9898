package live

import "sync"

// A backlog is events that somebody has not taken yet, each once. When more than
// most of them wait they become a single Missed.
type backlog struct {
	most    int
	mu      sync.Mutex
	pending []Event
	waiting map[Event]struct{}
	wake    chan struct{} // filled when there is something to take
}

func newBacklog(most int) *backlog {
	return &backlog{most: most, waiting: map[Event]struct{}{}, wake: make(chan struct{}, 1)}
}

// add never waits.
func (b *backlog) add(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.waiting[e]; there {
		return
	}
	if len(b.pending) >= b.most {
		b.pending, e = b.pending[:0], Event{Kind: Missed}
		clear(b.waiting)
	}
	b.waiting[e] = struct{}{}
	b.pending = append(b.pending, e)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// next takes the oldest event.
func (b *backlog) next() (Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pending) == 0 {
		return Event{}, false
	}
	e := b.pending[0]
	b.pending = append(b.pending[:0], b.pending[1:]...)
	delete(b.waiting, e)
	return e, true
}

// take takes all.
func (b *backlog) take() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.pending
	b.pending = nil
	clear(b.waiting)
	return taken
}
