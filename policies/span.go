package policies

import (
	"time"

	"halfkey/iam"
)

// span is from when to when something holds; zero for no such bound.
type span struct{ from, to int64 } // microseconds

func (s span) holds(now int64) bool {
	return (s.from == 0 || s.from <= now) && (s.to == 0 || now < s.to)
}

func newSpan(from, to *int64) (s span) {
	if from != nil {
		s.from = *from
	}
	if to != nil {
		s.to = *to
	}
	return s
}

// timeOf is a moment in microseconds, zero for none.
func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return iam.Time(us)
}
