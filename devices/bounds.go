package devices

import (
	"time"

	"halfkey/iam"
)

// Bounds are the limits of the registration doors, over all replicas.
type Bounds struct {
	Refusals  int // a minute, by address (IPv6: by /64)
	Answers   int // a minute, by address and serial
	Proved    int // new devices an hour by key, at the proved door
	Simple    int // the same at the simple door
	Strangers int // that wait for an owner, by key and door
}

// DefaultBounds are those of the protocol.
var DefaultBounds = Bounds{Refusals: 30, Answers: 60, Proved: 600, Simple: 30, Strangers: 100}

func (s *Service) bounds() Bounds {
	if s.Bounds == (Bounds{}) {
		return DefaultBounds
	}
	return s.Bounds
}

// admit is asked before any record is read, so that "too many" tells nothing
// about keys or serials.
func (s *Service) admit(c Call) error {
	if ok, after := s.Limits.Peek(refusals(c), s.bounds().Refusals); !ok {
		return ErrTooMany.Retry(after)
	}
	if ok, after := s.Limits.Allow("answers|"+c.Source+"|"+string(c.Serial), s.bounds().Answers, time.Minute); !ok {
		return ErrTooMany.Retry(after)
	}
	return nil
}

func (s *Service) countRefusal(c Call) { s.Limits.Add(refusals(c), 1, time.Minute) }

func refusals(c Call) string { return "refusals|" + c.Source }

// takePlace counts a new device of the key; giveBack undoes that.
func (s *Service) takePlace(c Call, key iam.KeyID) (giveBack func(), err error) {
	name, most := "boardings|"+string(c.Door)+"|"+string(key), s.bounds().Proved
	if c.Door == Simple {
		most = s.bounds().Simple
	}
	if ok, after := s.Limits.Allow(name, most, time.Hour); !ok {
		return nil, ErrTooMany.Retry(after)
	}
	return func() { s.Limits.Add(name, -1, time.Hour) }, nil
}
