package policies

import (
	"context"
	"time"

	"halfkey/iam"
)

// target is what a question is about: a place, or one device in it.
type target struct {
	line
	device iam.DeviceID
}

// OnDevice is what can be held on one device alone.
const OnDevice = Actions(1<<SeeDevice | 1<<ReadDevice | 1<<ManageDevice | 1<<RevealReadKey)

// held is what the seats together allow at the target: allowed by one, denied by
// none. Expiry counts at this moment.
func (t *table) held(seats []seat, at target, now time.Time) (may Actions) {
	if len(at.places) == 0 {
		return 0 // no such place: nobody is anything there
	}
	us := iam.Micros(now)
	denied := t.denied(at.stopped(us))
	for i := range seats {
		given := t.reaches(&seats[i], at, us)
		if given != 0 {
			denied |= t.denied(seats[i].gives)
		}
		may |= given
	}
	return may &^ denied
}

// handsOn is what whoever holds the seats can give and take at the target: what he
// may do there and, of a role that goes on below it, below as well.
func (t *table) handsOn(ctx context.Context, seats []seat, at target, reach Reach, now time.Time) Actions {
	may := t.held(seats, at, now)
	if reach == Subtree && at.device == "" {
		may &= t.held(goOn(seats), at, now)
	}
	if may = kept(ctx, may, at.line); may.Has(AppointSupport) {
		may |= 1 << Impersonate // he names who may, and may not himself
	}
	return may
}

// reaches is what one seat allows at the target, were the place not closed.
func (t *table) reaches(s *seat, at target, now int64) Actions {
	if !s.holds(now) {
		return 0
	}
	if s.device != "" {
		if s.device != at.device || s.tenant != at.tenant {
			return 0
		}
		return t.acts(s)
	}
	depth := at.at(s.org)
	if depth < 0 || depth > 0 && s.reach != Subtree {
		return 0
	}
	may := t.acts(s)
	if !s.open() && at.hides(depth) {
		may &^= Viewing
	}
	return may
}
