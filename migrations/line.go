package migrations

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// How long a deed may hold the writer before the log names it, and how long
// one may wait for it at all: only a deed that writes past its own
// transaction, and so waits for itself, gets that far.
const (
	hangs    = 2 * time.Second
	patience = 30 * time.Second
)

// errBusy ends a wait that has no hope.
type errBusy struct{}

func (errBusy) Error() string     { return "the database's writer is held by another transaction" }
func (errBusy) Unavailable() bool { return true }

var errClosed = errors.New("the database is closed")

// ticket is a place in the line. It is used again and again by one connection.
type ticket struct {
	turn  chan error // nil: it is yours
	since time.Time
	next  *ticket
}

// line lets one at a time through, in the order of their coming.
type line struct {
	mu          sync.Mutex
	taken       bool
	since       time.Time // when the turn was taken
	doing       string    // the holder's statement, without its parameters
	told        bool      // the log knows that the holder hangs
	first, last *ticket
	shutting    chan struct{}
	log         *slog.Logger
}

func (l *line) open(log *slog.Logger) {
	l.log, l.shutting = log, make(chan struct{})
	go l.watch()
}

func (l *line) shut() { close(l.shutting) }

// enter waits for the turn, as long as ctx allows. When it returns granted, the
// caller holds the turn, even beside an error of ctx: he must then pass it on.
func (l *line) enter(ctx context.Context, t *ticket) (granted bool, err error) {
	l.mu.Lock()
	if !l.taken {
		l.take()
		l.mu.Unlock()
		return true, nil
	}
	t.since, t.next = time.Now(), nil
	if l.last == nil {
		l.first = t
	} else {
		l.last.next = t
	}
	l.last = t
	l.mu.Unlock()
	select {
	case err := <-t.turn:
		return err == nil, err
	case <-ctx.Done():
	}
	l.mu.Lock()
	found := l.remove(t)
	l.mu.Unlock()
	if found {
		return false, ctx.Err()
	}
	if err := <-t.turn; err != nil {
		return false, err
	}
	return true, ctx.Err()
}

func (l *line) take() { l.taken, l.since, l.doing, l.told = true, time.Now(), "", false }

// leave hands the turn to the first in line. When nobody waits it frees the
// turn, if it may; else the caller keeps it and hears false.
func (l *line) leave(free bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.first
	if t == nil {
		l.taken = !free
		return free
	}
	l.pop()
	l.take()
	t.turn <- nil
	return true
}

func (l *line) pop() {
	if l.first = l.first.next; l.first == nil {
		l.last = nil
	}
}

func (l *line) remove(t *ticket) bool {
	var before *ticket
	for at := l.first; at != nil; before, at = at, at.next {
		if at != t {
			continue
		}
		if before == nil {
			l.first = t.next
		} else {
			before.next = t.next
		}
		if l.last == t {
			l.last = before
		}
		return true
	}
	return false
}

// says notes the statement that the holder is about to run.
func (l *line) says(stmt string) {
	l.mu.Lock()
	l.doing = stmt
	l.mu.Unlock()
}

// watch tells the log about a deed that hangs and sends away who waits in vain.
func (l *line) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-l.shutting:
			return
		case now := <-tick.C:
			l.look(now)
		}
	}
}

func (l *line) look(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken && !l.told && now.Sub(l.since) > hangs {
		l.told = true
		l.log.Warn("a transaction holds the database's writer", "for", now.Sub(l.since).Round(time.Millisecond), "last", l.doing)
	}
	for l.first != nil && now.Sub(l.first.since) > patience {
		t := l.first
		l.pop()
		t.turn <- errBusy{}
	}
}
