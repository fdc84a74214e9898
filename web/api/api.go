// Package api is the door for machines. It parses what devices send at the two
// registration doors, asks devices, and answers in the words of the half-key
// protocol, version 1, byte for byte. It decides nothing.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/web/peer"
	"halfkey/web/problem"
)

// MaxHeader is the largest header section that these doors take, request line
// included, in bytes.
const MaxHeader = 8 << 10

// Handler serves the registration doors.
type Handler struct {
	Devices *devices.Service
	Trusted peer.Trusted // proxies whose word on addresses counts
	Log     *slog.Logger
	Tally   *Tally // what registrations came to; nil when nobody asks
}

// Mount hangs the doors on e: POST at the proved one, GET at the simple one,
// with and without the first story's prefix; any other method is 405.
func (h *Handler) Mount(e *echo.Echo) {
	const proved, simple = "/v1/devices/:serial/registrations", "/ws/iot/devices/:serial"
	e.Any(proved, not(provedWords, http.MethodPost))
	e.POST(proved, h.proved)
	for _, path := range []string{simple, "/midpoint" + simple} {
		e.Any(path, not(simpleWords, http.MethodGet))
		e.GET(path, h.simple)
	}
}

// words is the way in which a door says what is no credential.
type words struct {
	door devices.Door
	mime string
	of   func(wire.Answer) string
}

var (
	provedWords = words{devices.Proved, "application/problem+json", func(a wire.Answer) string { return a.Problem }}
	simpleWords = words{devices.Simple, "text/plain", func(a wire.Answer) string { return a.Plain }}
)

// say sends one of the protocol's answers.
func (w words) say(c echo.Context, a wire.Answer) error { return send(c, a.Status, w.mime, w.of(a)) }

// send writes the whole answer at once, with its length, never chunked.
func send(c echo.Context, status int, mime, body string) error {
	header := c.Response().Header()
	requestID(c)
	header.Set("Content-Type", mime)
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.Response().WriteHeader(status)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write([]byte(body))
	return err
}

// requestID is what the middleware drew, or one drawn here; never the caller's,
// since all have one length.
func requestID(c echo.Context) string {
	header := c.Response().Header()
	id := header.Get(echo.HeaderXRequestID)
	if id == "" {
		id = iam.NewID()
		header.Set(echo.HeaderXRequestID, id)
	}
	return id
}

var methodNotAllowed = wire.Answer{Status: http.StatusMethodNotAllowed, Plain: "method not allowed\n",
	Problem: `{"type":"urn:halfkey:problem:method-not-allowed","title":"This address does not take that method.","status":405}`}

var headersTooLarge = wire.Answer{Status: http.StatusRequestHeaderFieldsTooLarge, Plain: "headers too large\n",
	Problem: `{"type":"urn:halfkey:problem:headers-too-large","title":"The request's headers are too large.","status":431}`}

func not(w words, allowed string) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Allow", allowed)
		return w.say(c, methodNotAllowed)
	}
}

// context names the door and the request for the trail.
func (h *Handler) context(c echo.Context, door devices.Door) context.Context {
	return audit.WithRequest(c.Request().Context(), string(door), requestID(c))
}

func (h *Handler) call(c echo.Context, door devices.Door, serial wire.Serial) devices.Call {
	address := peer.Address(c.Request(), h.Trusted)
	return devices.Call{Door: door, Serial: serial, Address: address, Source: peer.Source(address)}
}

// serial is the path's, decoded once: the router matches the path as it was
// sent where that differs from the usual way of writing it.
func serial(c echo.Context) (wire.Serial, error) {
	s := c.Param("serial")
	if c.Request().URL.RawPath != "" {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return "", &wire.FormError{Detail: "serial: wrongly encoded"}
		}
		s = decoded
	}
	return wire.ParseSerial(strings.Clone(s))
}

// oversized judges the header section as the caller wrote it, about.
func oversized(r *http.Request) bool {
	n := len(r.Method) + len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n > MaxHeader
}

// fail says what went wrong in the door's words.
func (h *Handler) fail(c echo.Context, w words, err error) error {
	a, f := answerTo(err)
	h.Tally.count(w.door, outcomeOf(a))
	if after := problem.RetryAfter(f.RetryAfter); after != "" {
		c.Response().Header().Set("Retry-After", after)
	}
	if a.Status == http.StatusServiceUnavailable {
		h.Log.Error("registration failed", "route", c.Path(), "request", requestID(c), "error", err)
	}
	return w.say(c, a)
}
