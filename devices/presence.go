package devices

import "time"

// A Presence is the one word that pages say about a device.
type Presence string

// Live is within twice the device's own rhythm, Late within ten times, Silent
// beyond that or after a day. Waiting has not sent a value yet.
const (
	Live         Presence = "live"
	Late         Presence = "late"
	Silent       Presence = "silent"
	NoReadingYet Presence = "waiting"
	Paused       Presence = "paused"
	Offboarded   Presence = "offboarded"
)

// The rhythm of a device that has not shown its own, and the shortest that
// counts: over a radio a few seconds are no delay.
const (
	usualRhythm   = 15 * time.Second
	fastestRhythm = 5 * time.Second
	longSilence   = 24 * time.Hour
)

// PresenceOf judges by when the device was last heard (zero: never) and by the
// usual time between its values (zero: not known yet).
func PresenceOf(state State, heard time.Time, rhythm time.Duration, now time.Time) Presence {
	switch {
	case state == Retired:
		return Offboarded
	case state == Suspended:
		return Paused
	case heard.IsZero(), state == Announced:
		return NoReadingYet
	}
	if rhythm <= 0 {
		rhythm = usualRhythm
	}
	rhythm = max(rhythm, fastestRhythm)
	switch quiet := now.Sub(heard); {
	case quiet <= 2*rhythm:
		return Live
	case quiet <= 10*rhythm && quiet <= longSilence:
		return Late
	}
	return Silent
}
