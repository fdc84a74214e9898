package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"halfkey/devices/seal"
	"halfkey/devices/wire"
)

// MaxIterations is how often a device stretches a classic key at most; the
// answer asks, and this keeps a stranger's answer from stopping the device.
const MaxIterations = 1_000_000

// ErrUnopened says that an answer came but was not sealed for this device.
var ErrUnopened = errors.New("the answer cannot be opened: is the second half of the key mistyped?")

// Register asks until the server hands out credentials or ctx ends. It waits
// as the server says, else a minute, doubling to an hour.
func (c *Client) Register(ctx context.Context) error {
	var p pace
	for {
		err := c.RegisterOnce(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := p.next(err)
		c.log().Info("not registered yet", "cause", err.Error(), "again_in", wait.String())
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// RegisterOnce asks a single time. Credentials are stored before it returns; a
// *NotYet carries any other answer of the server, ErrUnopened one that was not
// for this device. Failures leave what is stored as it was.
func (c *Client) RegisterOnce(ctx context.Context) error {
	keys := seal.Derive(c.Key.First, c.Key.Second.Reveal())
	nonce := wire.NewNonce()
	req, err := c.request(ctx, keys, nonce)
	if err != nil {
		return err
	}
	res, err := c.do(req)
	if err != nil {
		return fmt.Errorf("the server cannot be reached: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, seal.MaxSize+1))
	if err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		return notYet(res, body)
	}
	fresh, err := c.open(keys, nonce, body)
	if err != nil {
		return err
	}
	if err := c.keep(fresh); err != nil {
		return fmt.Errorf("the credentials cannot be stored: %w", err)
	}
	c.log().Info("registered", "channel", fresh.Channel.ID)
	return nil
}

func (c *Client) request(ctx context.Context, keys seal.Keys, nonce wire.Nonce) (*http.Request, error) {
	base := strings.TrimSuffix(c.Server, "/")
	serial := url.PathEscape(string(c.Serial))
	if c.usesSimpleDoor() {
		query := url.Values{"key": {c.Key.First}, "nonce": {string(nonce)}}
		return http.NewRequestWithContext(ctx, http.MethodGet, base+"/midpoint/ws/iot/devices/"+serial+"?"+query.Encode(), nil)
	}
	token := wire.Registration{First: c.Key.First, Serial: c.Serial, Nonce: nonce, Model: c.Model, Firmware: c.Firmware}.Sign(keys.Auth[:])
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/devices/"+serial+"/registrations", bytes.NewReader(token))
	if err == nil {
		req.Header.Set("Content-Type", "application/jwt")
	}
	return req, err
}

// open believes an answer only if it was sealed for this device in reply to
// this very request.
func (c *Client) open(keys seal.Keys, nonce wire.Nonce, sealed []byte) (*wire.Credentials, error) {
	want := seal.Header{Cty: seal.JSON, Kid: c.Key.First, Sub: string(c.Serial), Nonce: string(nonce)}
	if c.usesSimpleDoor() {
		want.Cty = seal.Text
	}
	var content []byte
	var err error
	if c.Key.Form == wire.Classic {
		content, err = seal.OpenPassword(c.Key.Second.Reveal(), MaxIterations, want, sealed)
	} else {
		content, err = seal.Open(keys.Seal, want, sealed)
	}
	if err != nil {
		return nil, ErrUnopened
	}
	if want.Cty == seal.Text {
		channel, err := wire.ParsePlain(content)
		return &wire.Credentials{Channel: channel}, err
	}
	return wire.ParseCredentials(content)
}

// keep puts new credentials beside the old ones, which stay until the new ones
// have worked.
func (c *Client) keep(fresh *wire.Credentials) error {
	s, err := c.Store.Load()
	if err != nil {
		return err
	}
	s.RegistrationDue = false
	if s.Current != nil && s.Current.Channel == fresh.Channel && s.Current.Device == fresh.Device {
		s.Current, s.Next = fresh, nil
	} else {
		s.Next = fresh
	}
	return c.Store.Save(s)
}
