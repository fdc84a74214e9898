package webtest

import (
	"sync/atomic"
	"time"
)

// Clock is the house's own: it runs like any other, and a test can turn it on.
type Clock struct{ ahead atomic.Int64 }

// Now is the time in the house.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Turn turns the clock on.
func (c *Clock) Turn(by time.Duration) { c.ahead.Add(int64(by)) }
