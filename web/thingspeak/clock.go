package thingspeak

import (
	"strconv"
	"time"
	_ "time/tzdata" // zones by name, on machines without a table of their own
)

// zoneOf is where the caller's clock stands: `timezone` names it, `offset` says
// hours from UTC; else UTC.
func zoneOf(p Params) *time.Location {
	if name := p.Text("timezone"); name != "" && len(name) < 64 && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	if h, err := strconv.ParseFloat(p.Text("offset"), 64); err == nil && h >= -14 && h <= 14 && h != 0 {
		return time.FixedZone("", int(h*3600))
	}
	return time.UTC
}
