package devices

import (
	"net/netip"
	"time"

	"halfkey/devices/wire"
	"halfkey/iam/fault"
)

// A Call is a device at a registration door, its form already judged.
type Call struct {
	Door    Door
	Serial  wire.Serial
	First   string                  // names the registration key, normal form
	Nonce   wire.Nonce              // comes back in the answer; may be empty at the simple door
	Token   *wire.RegistrationToken // the proof; nil at the simple door
	Address netip.Addr              // where it calls from
	Source  string                  // what limits count by: the address, or its IPv6 /64
}

// An Outcome is what a registration came to, unless it failed.
type Outcome int

const (
	Boarded Outcome = iota // a device that was not there before, or one that its owner let in
	Known                  // the same device again
	Waiting                // for its owner; nothing is handed out
)

// An Answer is what the device hears.
type Answer struct {
	Outcome    Outcome
	Sealed     []byte        // compact JWE; empty while it waits
	RetryAfter time.Duration // while it waits
}

// What a registration can fail with. ErrRefused is one and the same whatever
// the cause, which only the trail knows.
var (
	ErrRefused     = fault.New(fault.Refused, "refused", "Refused.")
	ErrTooMany     = fault.New(fault.TooMany, "too-many", "Too many requests.")
	ErrUnavailable = fault.New(fault.Unavailable, "unavailable", "Try again later.").Retry(10 * time.Second)
)

const (
	askAgain = 60 * time.Second
	longest  = time.Hour
)

func waitingAnswer() Answer { return Answer{Outcome: Waiting, RetryAfter: askAgain} }

func (c Call) model() (model, firmware string) {
	if c.Token == nil {
		return "", ""
	}
	return c.Token.Model, c.Token.Firmware
}
