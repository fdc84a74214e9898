package iam

import "time"

// Micros is how a moment is stored: microseconds since 1970, UTC.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// Time reads what Micros wrote.
func Time(us int64) time.Time { return time.UnixMicro(us).UTC() }

// MicrosOrNull stores no moment at all as NULL.
func MicrosOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := Micros(t)
	return &us
}

// TimeOrZero reads what MicrosOrNull wrote.
func TimeOrZero(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return Time(*us)
}

// Dated tells whether a moment can be told again: in UTC its year has four
// digits, and it is not before 1970, which nobody means. RFC 3339 writes no others.
func Dated(t time.Time) bool { y := t.UTC().Year(); return 1970 <= y && y <= 9999 }
