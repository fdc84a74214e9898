package channels

import (
	"errors"
	"sync/atomic"
)

// A Tally counts what became of entries since the start.
type Tally struct {
	Stored    atomic.Uint64
	WrongKey  atomic.Uint64
	TooSoon   atomic.Uint64
	TimeTaken atomic.Uint64
	BadValue  atomic.Uint64
	Failed    atomic.Uint64 // our own trouble
}

func (t *Tally) count(err error) {
	switch {
	case err == nil:
		t.Stored.Add(1)
	case errors.Is(err, ErrKey):
		t.WrongKey.Add(1)
	case errors.Is(err, ErrTooSoon):
		t.TooSoon.Add(1)
	case errors.Is(err, ErrTimeTaken):
		t.TimeTaken.Add(1)
	case errors.Is(err, ErrValue):
		t.BadValue.Add(1)
	default:
		t.Failed.Add(1)
	}
}
