package show

import (
	"strconv"
	"time"
)

// Every is a rhythm in the largest unit that keeps it readable: 20 s, 15 min, 8 h.
func Every(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds()+0.5)) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes()+0.5)) + " min"
	}
	return strconv.Itoa(int(d.Hours()+0.5)) + " h"
}
