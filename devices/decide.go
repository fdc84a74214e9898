package devices

import "time"

// acceptance and question are how long an owner's yes, and his silence, hold.
const (
	acceptance = 30 * 24 * time.Hour
	question   = 30 * 24 * time.Hour
	freshness  = time.Hour
	unusedLife = 24 * time.Hour // of a boarding at the simple door
)

// An act is what a registration leads to.
type act int

const (
	refuse   act = iota
	ask          // the owner is asked, the device waits
	board        // a new device
	replace      // a new device in the place of one that was never used
	again        // the same answer, sealed again
	renew        // a further boarding: same channel and write key, another secret
	overflow     // too many strangers wait already
)

// A verdict is the act and why, for the trail.
type verdict struct {
	act   act
	cause string
}

// facts are all that the decision about a serial looks at. The key is known,
// its holder has proved himself where the door wants that, and it is not revoked.
type facts struct {
	now  time.Time
	door Door

	boarding   string // auto, serials, approve
	reboarding string // auto, approve, deny
	closed     bool   // to new serials: not yet valid, expired or used up

	aboard  bool      // there is a device with this serial
	removed time.Time // when the last one with this serial was removed; zero if none was
	listed  time.Time // when the serial was listed on the key; zero if it is not

	device   deviceFacts
	question questionFacts
}

// deviceFacts are about the device that is aboard.
type deviceFacts struct {
	suspended bool
	waits     bool // its channel is being made, or has to be made again: it has heard of none
	door      Door
	within    bool // it sits in the key's organisation or below
	sameKey   bool // this key boarded it, or one that this key replaces
	used      bool // a value came with its write key
	first     bool // it has boarded once
	sealed    time.Time
}

// questionFacts are about what the owner was asked.
type questionFacts struct {
	state   string // waiting, accepted, declined, boarded; empty if nothing was asked
	door    Door
	sameKey bool // asked for this key, or one that this key replaces
	asked   time.Time
	decided time.Time
}

// decide is the table of who may come aboard; the first line that fits counts.
func decide(f facts) verdict {
	d := f.device
	switch {
	case f.question.state == declined:
		return verdict{refuse, "declined"}
	case !f.aboard:
		return f.stranger()
	case d.suspended:
		return verdict{refuse, "suspended"}
	case d.door == Proved && f.door == Simple:
		return verdict{refuse, "no-way-down"}
	case d.door == Simple && f.door == Proved && !d.used:
		if v := f.stranger(); v.act != board {
			return v
		}
		return verdict{replace, "never-used"}
	case (!d.within || !d.sameKey) && !f.letIn():
		return f.asked("elsewhere")
	case d.waits && d.door == f.door:
		return verdict{again, "provisioning"}
	case f.fresh():
		return verdict{again, "fresh"}
	case f.accepted():
		return verdict{renew, "accepted"}
	case f.reboarding == "auto":
		return verdict{renew, "reboarding"}
	case f.reboarding == "approve":
		return verdict{ask, "reboarding"}
	}
	return verdict{refuse, "reboarding-denied"}
}

// stranger decides about a serial that is not aboard.
func (f facts) stranger() verdict {
	switch comesBack := !f.removed.IsZero() && f.listed.After(f.removed); {
	case f.accepted(): // the owner's own yes opens a key that is closed to strangers
		return verdict{board, "accepted"}
	case comesBack && !f.closed:
		return verdict{board, "listed-again"}
	case comesBack:
		return verdict{refuse, "key-closed"}
	case !f.removed.IsZero():
		return verdict{ask, "removed"}
	case f.waiting():
		return verdict{ask, "waiting"}
	case f.closed:
		return verdict{refuse, "key-closed"}
	case f.boarding == "auto":
		return verdict{board, "auto"}
	case f.boarding == "serials" && !f.listed.IsZero():
		return verdict{board, "listed"}
	case f.boarding == "approve":
		return verdict{ask, "approve"}
	}
	return verdict{refuse, "unlisted"}
}

func (f facts) asked(cause string) verdict {
	if f.accepted() {
		return verdict{renew, "accepted"}
	}
	return verdict{ask, cause}
}

// accepted holds for the key and the door that were asked for, or a better
// door, and only for a removal that the owner knew of.
func (f facts) accepted() bool {
	q := f.question
	return q.state == accepted && q.sameKey && (q.door == Simple || f.door == Proved) &&
		f.now.Sub(q.decided) < acceptance && q.decided.After(f.removed)
}

// waiting questions lapse, and one that was asked at the simple door does not
// stand in the proved door's way.
func (f facts) waiting() bool {
	q := f.question
	return (q.state == waiting && f.now.Sub(q.asked) < question || q.state == accepted && f.now.Sub(q.decided) < acceptance) &&
		(q.door == Proved || f.door == Simple)
}

// letIn tells that the device's last boarding was one that its owner accepted
// for this key, so that a lost answer is no new question.
func (f facts) letIn() bool {
	q := f.question
	return q.state == boarded && q.sameKey && f.fresh()
}

// fresh tells that nothing which the last boarding handed out for the first
// time has been used yet: of a first boarding the write key, of a further one
// its secret, with which nothing can be done yet but to fetch it. What the
// simple door handed out holds no secret, so it is not the proved door's answer.
func (f facts) fresh() bool {
	d := f.device
	return d.door == f.door && !(d.first && d.used) && f.now.Sub(d.sealed) < freshness
}
