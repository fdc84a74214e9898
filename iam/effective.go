package iam

import "time"

// Standing is what something amounts to at a moment, out of its own state and
// its dates: a person, a role, a place, a device. One badge, one rule.
type Standing struct {
	Is    Effect
	State string    // its own, as it was decided
	Since time.Time // from when it holds, or will; zero for always
	Until time.Time // when it ends, or has ended; zero for never
	Cause Cause
	By    OrgID // the place whose state or dates decide, where that is not its own
}

// Effect is yes, or one of the ways of no.
type Effect string

const (
	InForce Effect = "in-force"
	NotYet  Effect = "not-yet" // its first day is to come
	Over    Effect = "over"    // its last day is past, or somebody ended it
	Resting Effect = "resting" // somebody stopped it, and may let it go on
)

// Cause is what decides.
type Cause string

const (
	ByState  Cause = "state"  // somebody's decision
	ByDates  Cause = "dates"  // the calendar
	ByAbove  Cause = "above"  // the place that it lies in, or one above
	ByHolder Cause = "holder" // whoever holds it is switched off
	ByLender Cause = "lender" // the role that it leans on
)

// over are the states from which nothing comes back by itself.
var over = map[string]bool{"ended": true, "closed": true, "retired": true, "revoked": true}

// Effective judges a state and dates. What is decided weighs more than the calendar.
func Effective(state string, since, until, now time.Time) Standing {
	s := Standing{Is: InForce, State: state, Since: since, Until: until, Cause: ByDates}
	switch {
	case over[state]:
		s.Is, s.Cause = Over, ByState
	case state != "active" && state != "announced":
		s.Is, s.Cause = Resting, ByState
	case !until.IsZero() && !now.Before(until):
		s.Is = Over
	case !since.IsZero() && now.Before(since):
		s.Is = NotYet
	default:
		s.Cause = ""
	}
	return s
}

// Within gives s the standing of what it hangs on, where that is not in force
// and s would be: the cause says how it hangs.
func (s Standing) Within(on Standing, cause Cause, by OrgID) Standing {
	if s.Is != InForce || on.Is == InForce {
		return s
	}
	s.Is, s.Cause, s.By = on.Is, cause, by
	if on.By != "" {
		s.By = on.By
	}
	if s.Until.IsZero() {
		s.Until = on.Until
	}
	return s
}
