package wire

import (
	"net/http"
	"strconv"
	"strings"
)

// An Answer is what a door says when it does not hand out credentials, word for
// word: Problem as application/problem+json on the proved door, Plain as
// text/plain on the simple one.
type Answer struct {
	Status  int
	Problem string
	Plain   string
}

// Pending waits for the owner or for the channel; Refused is the one refusal,
// whatever the cause.
var (
	Pending     = answer(http.StatusAccepted, "pending", "Waiting.", "pending")
	Refused     = answer(http.StatusForbidden, "refused", "Refused.", "refused")
	TooLarge    = answer(http.StatusRequestEntityTooLarge, "too-large", "Too large.", "too large")
	TooMany     = answer(http.StatusTooManyRequests, "too-many", "Too many requests.", "too many")
	Unavailable = answer(http.StatusServiceUnavailable, "unavailable", "Try again later.", "unavailable")
)

// Malformed says what is wrong with a request's form, and where. It must not
// repeat the request's own words: a key may be among them.
func Malformed(detail string) Answer {
	detail = strings.Map(func(r rune) rune {
		if !isPlain(string(r)) {
			return '?'
		}
		return r
	}, detail)
	a := answer(http.StatusBadRequest, "malformed", "Malformed.", "malformed: "+detail)
	a.Problem = strings.TrimSuffix(a.Problem, "}") + `,"detail":"` + detail + `"}`
	return a
}

func answer(status int, code, title, plain string) Answer {
	digits := strconv.Itoa(status)
	return Answer{
		Status:  status,
		Problem: `{"type":"urn:halfkey:problem:` + code + `","title":"` + title + `","status":` + digits + `}`,
		Plain:   plain + "\n",
	}
}
