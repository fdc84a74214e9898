package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/devices/wire"
	"halfkey/web/problem"
)

// simple is GET /midpoint/ws/iot/devices/{serial}?key={first half}, the first
// story's URL. There is no proof, but the answer is sealed all the same. The
// value of key goes to no log, error or answer.
func (h *Handler) simple(c echo.Context) error {
	if oversized(c.Request()) {
		h.Tally.count(simpleWords.door, malformed)
		return simpleWords.say(c, headersTooLarge)
	}
	serial, err := serial(c)
	if err != nil {
		return h.fail(c, simpleWords, err)
	}
	call := h.call(c, devices.Simple, serial)
	call.First, call.Nonce, err = parseQuery(c.Request().URL.RawQuery)
	if errors.Is(err, wire.ErrWholeKey) {
		h.Devices.Exposed(h.context(c, devices.Simple), call)
	}
	if err != nil {
		return h.fail(c, simpleWords, err)
	}
	answer, err := h.Devices.Register(h.context(c, devices.Simple), call)
	if err != nil {
		return h.fail(c, simpleWords, err)
	}
	h.Tally.count(simpleWords.door, outcome(answer.Outcome))
	switch {
	case answer.Outcome == devices.Waiting:
		c.Response().Header().Set("Retry-After", problem.RetryAfter(answer.RetryAfter))
		return simpleWords.say(c, wire.Pending)
	}
	return send(c, http.StatusOK, simpleWords.mime, string(answer.Sealed))
}

// parseQuery finds key, exactly once, in normal form, and nonce, at most once.
// Other parameters are ignored, even where they are badly written. With
// wire.ErrWholeKey it gives the first half of the key that should not have come.
func parseQuery(query string) (first string, nonce wire.Nonce, err error) {
	keys, nonces := 0, 0
	var key, once string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err != nil || n != "key" && n != "nonce" {
			continue
		} else if value, err = url.QueryUnescape(value); err != nil {
			return "", "", &wire.FormError{Detail: n + ": wrongly encoded"}
		} else if n == "key" {
			keys, key = keys+1, value
		} else {
			nonces, once = nonces+1, value
		}
	}
	switch {
	case keys != 1:
		return "", "", &wire.FormError{Detail: "key: want it exactly once"}
	case nonces > 1:
		return "", "", &wire.FormError{Detail: "nonce: want it once at most"}
	}
	if first, err = wire.NormalizeFirst(key); err != nil {
		return first, "", err
	}
	if nonces == 1 {
		nonce, err = wire.ParseNonce(once)
	}
	return first, nonce, err
}
