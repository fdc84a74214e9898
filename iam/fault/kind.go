package fault

import "net/http"

// Kind is the sort of failure; every door knows how to say each of them.
type Kind int

const (
	Internal        Kind = iota // our fault
	Malformed                   // cannot be read
	Unprocessable               // read, but not allowed
	Unauthenticated             // nobody known is asking
	Refused                     // known, but may not
	NotFound                    // absent, or hidden from the one who asks
	Conflict                    // the state forbids it
	Gone                        // was here, is no more
	Stale                       // changed since the caller looked
	TooLarge                    // longer than we read
	TooMany                     // a limit is reached
	Unavailable                 // try again later
)

var kinds = [...]struct {
	name   string
	status int
}{
	Internal:        {"internal", http.StatusInternalServerError},
	Malformed:       {"malformed", http.StatusBadRequest},
	Unprocessable:   {"unprocessable", http.StatusUnprocessableEntity},
	Unauthenticated: {"unauthenticated", http.StatusUnauthorized},
	Refused:         {"refused", http.StatusForbidden},
	NotFound:        {"not found", http.StatusNotFound},
	Conflict:        {"conflict", http.StatusConflict},
	Gone:            {"gone", http.StatusGone},
	Stale:           {"stale", http.StatusPreconditionFailed},
	TooLarge:        {"too large", http.StatusRequestEntityTooLarge},
	TooMany:         {"too many", http.StatusTooManyRequests},
	Unavailable:     {"unavailable", http.StatusServiceUnavailable},
}

// String names the kind, for logs and metrics.
func (k Kind) String() string { return kinds[k].name }

// Status is the HTTP status that goes with the kind.
func (k Kind) Status() int { return kinds[k].status }
