package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A NotYet is an answer that hands out nothing. It is unsealed, so it may come
// from anybody on the line: reason enough to ask again, and for nothing else.
type NotYet struct {
	Status int
	After  time.Duration // how long to wait, 0 where the server did not say
	Detail string        // the answer's own words where they help (400 only)
}

func (e *NotYet) Error() string {
	switch e.Status {
	case http.StatusAccepted:
		return "the server waits for the owner, or for the channel"
	case http.StatusBadRequest:
		return "the server cannot read the request: " + e.Detail
	case http.StatusForbidden:
		return "the server refuses this key or this device"
	case http.StatusTooManyRequests:
		return "too many requests"
	case http.StatusServiceUnavailable:
		return "the server is in trouble"
	}
	return fmt.Sprintf("the server answers %d, as no registration door does: is the address right?", e.Status)
}

func notYet(res *http.Response, body []byte) *NotYet {
	e := &NotYet{Status: res.StatusCode}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.After = time.Duration(min(seconds, 3600)) * time.Second
	}
	if e.Status == http.StatusBadRequest {
		e.Detail = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return ' '
			}
			return r
		}, string(body[:min(len(body), 200)]))
	}
	return e
}

// A pace says how long to wait between attempts.
type pace struct{ last time.Duration }

const (
	firstWait = time.Minute
	longWait  = time.Hour
)

// next gives what the server asked for, else a minute doubling to an hour and
// off by up to a quarter, so that a fleet does not call in step.
func (p *pace) next(cause error) time.Duration {
	var answered *NotYet
	if errors.As(cause, &answered) && answered.After > 0 {
		return answered.After
	}
	p.last = min(max(2*p.last, firstWait), longWait)
	return time.Duration(float64(p.last) * (0.75 + rand.Float64()/2))
}
