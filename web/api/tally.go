package api

import (
	"net/http"
	"sync/atomic"

	"halfkey/devices"
	"halfkey/devices/wire"
)

// An outcome is what a registration came to, as an operator counts it. The
// first three are those of devices.
type outcome int

const (
	refused outcome = iota + outcome(devices.Waiting) + 1
	malformed
	tooMany
	unavailable
)

var (
	outcomes = [...]string{devices.Boarded: "boarded", devices.Known: "known", devices.Waiting: "waiting",
		refused: "refused", malformed: "malformed", tooMany: "too-many", unavailable: "unavailable"}
	doors = [...]devices.Door{devices.Proved, devices.Simple}
)

// A Tally counts registrations by door and outcome since the start. A nil one
// counts nothing.
type Tally [len(doors)][len(outcomes)]atomic.Uint64

// Each names every counter.
func (t *Tally) Each(see func(door, outcome string, count func() uint64)) {
	for d := range t {
		for o := range t[d] {
			see(string(doors[d]), outcomes[o], t[d][o].Load)
		}
	}
}

func (t *Tally) count(door devices.Door, o outcome) {
	if t == nil {
		return
	}
	for d := range doors {
		if doors[d] == door {
			t[d][o].Add(1)
		}
	}
}

// outcomeOf is what an answer that is no credential means.
func outcomeOf(a wire.Answer) outcome {
	switch a.Status {
	case http.StatusForbidden:
		return refused
	case http.StatusTooManyRequests:
		return tooMany
	case http.StatusServiceUnavailable:
		return unavailable
	}
	return malformed
}
