// Package client is the device's side: it registers with nothing but a serial
// number and a registration key, keeps what it was given, and writes values.
// It knows the wire and the seal, and nothing of the server.
//
// Nothing that arrives unsealed changes what is stored: whoever sits on the
// line can delay a device, but cannot make it forget or believe anything.
package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"halfkey/devices/wire"
)

// A Client is one device. Use it from one goroutine.
type Client struct {
	Server    string // base URL of the registration doors, such as http://halfkey.lan:8080
	Serial    wire.Serial
	Key       wire.RegKey
	Simple    bool   // ask at the simple door although the key is a standard one
	UpdateURL string // where values go; empty: as the answer says, or the server's host, port 8081
	Model     string // optional, shown to the owner
	Firmware  string // optional, shown to the owner
	Store     Store

	HTTP  *http.Client                               // nil: 30 s a request, no redirects
	Now   func() time.Time                           // nil: the system's clock
	Sleep func(context.Context, time.Duration) error // nil: real time
	Log   *slog.Logger                               // nil: silence

	asked    pace      // registrations because of refused rows
	askAgain time.Time // not before
}

// Registered reports whether the device has credentials to write with.
func (c *Client) Registered() (bool, error) {
	s, err := c.Store.Load()
	return s.Current != nil || s.Next != nil, err
}

// usesSimpleDoor: a classic key signs nothing, so it has no other way in. A
// refusal at the proved door is never a reason to come here.
func (c *Client) usesSimpleDoor() bool { return c.Simple || c.Key.Form == wire.Classic }

var patient = &http.Client{
	Timeout: 30 * time.Second,
	// A redirect is unsealed, so it sends no device elsewhere.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (c *Client) do(req *http.Request) (*http.Response, error) {
	web := c.HTTP
	if web == nil {
		web = patient
	}
	res, err := web.Do(req)
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err // without the URL, which may hold a first half
	}
	return res, err
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (c *Client) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}
