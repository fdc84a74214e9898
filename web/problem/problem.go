// Package problem is the one place where a fault becomes an HTTP answer:
// application/problem+json (RFC 9457) for programs, a page for people. It also
// explains each code in words. It knows nothing of what the codes are about.
package problem

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/wire"
	"halfkey/iam/fault"
)

// TypePrefix stands before a code in the member "type".
const TypePrefix = "urn:halfkey:problem:"

// Faults that no verb declares, because no verb was reached.
var (
	ErrNoRoute   = fault.New(fault.NotFound, "no-such-page", "There is nothing at this address.")
	ErrMethod    = fault.New(fault.Malformed, "method-not-allowed", "This address does not take that method.")
	ErrMalformed = fault.New(fault.Malformed, "malformed", "Malformed.")
	ErrTooLarge  = fault.New(fault.TooLarge, "too-large", "Too large.")
	ErrHeaders   = fault.New(fault.TooLarge, "headers-too-large", "The request's headers are too large.")
	ErrCrossSite = fault.New(fault.Refused, "cross-site", "This request came from another site.")
)

// Handler answers for every handler that returned an error. Page, where set,
// shows a fault to a person; Log hears of what was our own trouble.
type Handler struct {
	Page func(c echo.Context, status int, f *fault.Fault) error
	Log  *slog.Logger
}

// Handle is an echo.HTTPErrorHandler.
func (h *Handler) Handle(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, f := Of(err)
	h.note(c, status, f)
	header := c.Response().Header()
	if after := RetryAfter(f.RetryAfter); after != "" {
		header.Set("Retry-After", after)
	}
	header.Set("Cache-Control", "no-store")
	switch {
	case c.Request().Method == http.MethodHead:
		err = c.NoContent(status)
	case h.Page != nil && forPeople(c.Request()):
		header.Add("Vary", "Accept")
		err = h.Page(c, status, f)
	default:
		header.Add("Vary", "Accept")
		err = Write(c, status, f)
	}
	if err != nil && h.Log != nil {
		h.Log.Warn("an answer was not sent", "route", c.Path(), "error", err)
	}
}

// note logs our own trouble by route pattern: a URL may carry a key.
func (h *Handler) note(c echo.Context, status int, f *fault.Fault) {
	if h.Log == nil || status < http.StatusInternalServerError {
		return
	}
	h.Log.Error("request failed", "route", c.Path(), "method", c.Request().Method, "status", status,
		"request", c.Response().Header().Get(echo.HeaderXRequestID), "error", f)
}

// Of finds the fault in err, also in the errors of echo and of wire's parsers,
// and the status that goes with it.
func Of(err error) (int, *fault.Fault) {
	if form, ok := errors.AsType[*wire.FormError](err); ok {
		return http.StatusBadRequest, ErrMalformed.At("request", form.Detail)
	}
	he, ok := errors.AsType[*echo.HTTPError](err)
	if _, declared := errors.AsType[*fault.Fault](err); declared || !ok {
		f := fault.Of(err)
		return statusOf(f), f
	}
	switch he.Code {
	case http.StatusNotFound:
		return he.Code, ErrNoRoute
	case http.StatusMethodNotAllowed:
		return he.Code, ErrMethod
	case http.StatusRequestEntityTooLarge:
		return he.Code, ErrTooLarge
	case http.StatusRequestHeaderFieldsTooLarge:
		return he.Code, ErrHeaders
	case http.StatusForbidden:
		return he.Code, ErrCrossSite
	}
	if he.Code >= 400 && he.Code < 500 {
		return he.Code, ErrMalformed
	}
	f := fault.Of(err)
	return statusOf(f), f
}

// statusOf makes two exceptions from a kind's status.
func statusOf(f *fault.Fault) int {
	switch f.Code {
	case ErrMethod.Code:
		return http.StatusMethodNotAllowed
	case ErrHeaders.Code:
		return http.StatusRequestHeaderFieldsTooLarge
	}
	return f.Kind.Status()
}

type body struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Errors []wrong `json:"errors,omitempty"`
}

type wrong struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

// Write answers with f as application/problem+json, never chunked.
func Write(c echo.Context, status int, f *fault.Fault) error {
	b := body{Type: TypePrefix + f.Code, Title: f.Sentence, Status: status}
	for _, e := range f.Fields {
		b.Errors = append(b.Errors, wrong{e.Where, e.What})
	}
	doc, err := json.Marshal(b)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Length", strconv.Itoa(len(doc)))
	return c.Blob(status, "application/problem+json", doc)
}

// RetryAfter is d as the header wants it: whole seconds, 1 to 3,600; nothing
// when there is nothing to wait for.
func RetryAfter(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.Itoa(int(min(max(math.Ceil(d.Seconds()), 1), 3600)))
}

// forPeople reports whether a page is what the caller would rather read.
func forPeople(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "text/html") && !strings.Contains(accept, "application/problem+json")
}
