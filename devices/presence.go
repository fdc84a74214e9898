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
	switch {
	case now.Sub(heard) <= 2*counted(rhythm):
		return Live
	case !now.After(SilentFrom(heard, rhythm)):
		return Late
	}
	return Silent
}

// SilentFrom is the moment after which a device that was last heard then is silent.
func SilentFrom(heard time.Time, rhythm time.Duration) time.Time {
	rhythm = counted(rhythm)
	return heard.Add(max(2*rhythm, min(10*rhythm, longSilence)))
}

func counted(rhythm time.Duration) time.Duration {
	if rhythm <= 0 {
		rhythm = usualRhythm
	}
	return max(rhythm, fastestRhythm)
}
