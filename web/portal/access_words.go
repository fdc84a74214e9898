package portal

import (
	"time"

	"halfkey/devices"
)

func dayOf(a accessQuery) string {
	if a.day.IsZero() {
		return ""
	}
	return a.day.Format(time.DateOnly)
}

// stamp is a moment of the past in the words of the form, UTC.
func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") + " UTC" }

func thingName(d *devices.Then) string {
	if d.Name != "" {
		return d.Name
	}
	return d.Channel
}
