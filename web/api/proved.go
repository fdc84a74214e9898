package api

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/devices/wire"
	"halfkey/web/problem"
)

const jose = "application/jose"

// proved is POST /v1/devices/{serial}/registrations: the body is one JWT. Its
// form is judged before any record is read.
func (h *Handler) proved(c echo.Context) error {
	if oversized(c.Request()) {
		h.Tally.count(provedWords.door, malformed)
		return provedWords.say(c, headersTooLarge)
	}
	serial, err := serial(c)
	if err != nil {
		return h.fail(c, provedWords, err)
	}
	body, err := read(c.Request())
	if err != nil {
		return h.fail(c, provedWords, err)
	}
	token, err := wire.ParseRegistration(body, serial)
	if err != nil {
		return h.fail(c, provedWords, err)
	}
	call := h.call(c, devices.Proved, serial)
	call.Token, call.First, call.Nonce = token, token.First, token.Nonce
	answer, err := h.Devices.Register(h.context(c, devices.Proved), call)
	if err != nil {
		return h.fail(c, provedWords, err)
	}
	h.Tally.count(provedWords.door, outcome(answer.Outcome))
	switch {
	case answer.Outcome == devices.Waiting:
		c.Response().Header().Set("Retry-After", problem.RetryAfter(answer.RetryAfter))
		return provedWords.say(c, wire.Pending)
	case answer.Outcome == devices.Boarded:
		return send(c, http.StatusCreated, jose, string(answer.Sealed))
	}
	return send(c, http.StatusOK, jose, string(answer.Sealed))
}

// read takes a body of at most wire.MaxBody bytes.
func read(r *http.Request) ([]byte, error) {
	if r.ContentLength > wire.MaxBody {
		return nil, problem.ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, wire.MaxBody+1))
	switch {
	case err != nil:
		return nil, &wire.FormError{Detail: "body: ended early"}
	case len(body) > wire.MaxBody:
		return nil, problem.ErrTooLarge
	}
	return body, nil
}
