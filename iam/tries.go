package iam

import (
	"context"
	"fmt"
	"time"

	"halfkey/iam/audit"
)

// So many wrong answers for an account from one network, then a rest; so many
// from one network for whatever accounts; and so many for an account from
// wherever, which slows a guess that comes from everywhere at once. Each rest of
// a day is twice as long as the one before. A passkey waits for none of them but
// that of its own network.
const (
	wrongMost        = 5
	wrongMostAddress = 50
	wrongMostAnybody = 100
	wrongRest        = 5 * time.Minute
	wrongDoublings   = 6 // the longest rest is 5 min × 2^6
	restsMemory      = 24 * time.Hour
)

// WrongPassword is ErrWrong that knows how many tries are left, or how long the
// account rests when there are none.
type WrongPassword struct {
	Left int
	Rest time.Duration
}

func (w *WrongPassword) Error() string { return fmt.Sprintf("%v (%d tries left)", ErrWrong, w.Left) }
func (w *WrongPassword) Unwrap() error { return ErrWrong }

// counted counts a try before it is made, so that many at once are still few.
func (s *Sessions) counted(ctx context.Context, name string, most int) error {
	ok, retryAfter, err := s.Limits.AllowExactly(ctx, name, most, wrongRest)
	if err != nil {
		return err
	}
	if !ok {
		return ErrResting.Retry(retryAfter)
	}
	return nil
}

// guessing are the counters of one try to guess something about an account.
type guessing struct{ own, here, anybody string }

func (s *Sessions) guess(ctx context.Context, what string, email Email, source string) (g guessing, err error) {
	g = guessing{what + "|" + string(email) + "|" + source, what + "|" + source, what + "|*|" + string(email)}
	if err = s.counted(ctx, g.own, wrongMost); err == nil {
		if err = s.counted(ctx, g.here, wrongMostAddress); err == nil {
			err = s.counted(ctx, g.anybody, wrongMostAnybody)
		}
	}
	return g, err
}

// right forgets what was wrong before.
func (s *Sessions) right(g guessing) {
	s.Limits.Add(g.own, -s.Limits.Count(g.own), wrongRest)
	s.Limits.Add("rests|"+g.own, -s.Limits.Count("rests|"+g.own), restsMemory)
	s.Limits.Add(g.here, -1, wrongRest)
	s.Limits.Add(g.anybody, -1, wrongRest)
}

// wrong puts a wrong answer on the record and lets the account rest after the last one.
func (s *Sessions) wrong(ctx context.Context, g guessing, email Email, source, cause string) error {
	w := &WrongPassword{Left: max(0, wrongMost-s.Limits.Count(g.own))}
	if w.Left == 0 {
		if _, _, err := s.Limits.AllowExactly(ctx, "rests|"+g.own, 1<<30, restsMemory); err != nil {
			return err
		}
		w.Rest = wrongRest << min(max(s.Limits.Count("rests|"+g.own)-1, 0), wrongDoublings)
		if err := s.Limits.Rest(ctx, g.own, wrongRest, w.Rest); err != nil {
			return err
		}
	}
	if s.Trail != nil {
		var id, tenant string
		if u, err := s.Users.ByEmail(ctx, email); err == nil {
			id = string(u.ID)
			tenant, _ = tenantOf(s.DB.WithContext(ctx), u.Home)
		}
		s.Trail.Refuse(ctx, audit.Refusal{Tenant: tenant, Source: source, Cause: cause, Verb: "session.open", ObjectType: "user", ObjectID: id})
	}
	return w
}
