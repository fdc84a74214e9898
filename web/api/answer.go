package api

import (
	"errors"
	"time"

	"halfkey/devices"
	"halfkey/devices/wire"
	"halfkey/iam/fault"
)

// answerTo finds the protocol's words for an error. Whatever is not the
// device's doing is "unavailable": the same request later finishes it.
func answerTo(err error) (wire.Answer, *fault.Fault) {
	if form, ok := errors.AsType[*wire.FormError](err); ok {
		return wire.Malformed(form.Detail), &fault.Fault{}
	}
	if errors.Is(err, wire.ErrWholeKey) {
		return wire.Malformed(wire.ErrWholeKey.Error()), &fault.Fault{}
	}
	f := fault.Of(err)
	switch {
	case errors.Is(err, devices.ErrRefused):
		return wire.Refused, f
	case errors.Is(err, devices.ErrTooMany):
		return wire.TooMany, f
	case f.Kind == fault.TooLarge:
		return wire.TooLarge, f
	}
	if f.RetryAfter <= 0 {
		f = f.Retry(10 * time.Second)
	}
	return wire.Unavailable, f
}
