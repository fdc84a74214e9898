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
