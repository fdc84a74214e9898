package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"halfkey/devices/wire"
)

// Why a channel does not take a row.
var (
	ErrNotRegistered = errors.New("the device has no credentials yet")
	ErrTooSoon       = errors.New("the channel takes no row so soon after the last one")
	ErrRefused       = errors.New("the channel refuses the write key")
)

// updatePort is where a Halfkey takes values when nobody says otherwise.
const updatePort = "8081"

// A Row is one measurement.
type Row struct {
	Fields []string  // field1 to field8 in order; an empty one is left out
	At     time.Time // zero: when it arrives
}

// Write sends a row to the device's channel, as ThingSpeak's library does. New
// credentials are tried before old ones; when they work, the old ones go.
func (c *Client) Write(ctx context.Context, row Row) error {
	s, err := c.Store.Load()
	if err != nil {
		return err
	}
	err = ErrNotRegistered
	if s.Next != nil {
		if err = c.post(ctx, s.Next.Channel, row); err == nil {
			s.Current, s.Next = s.Next, nil
			if err := c.Store.Save(s); err != nil { // the row is in; the next one tries again
				c.log().Warn("cannot store that the new credentials work", "cause", err.Error())
			}
		}
	}
	if s.Current != nil && (errors.Is(err, ErrNotRegistered) || errors.Is(err, ErrRefused)) {
		err = c.post(ctx, s.Current.Channel, row)
	}
	return err
}

func (c *Client) post(ctx context.Context, to wire.Channel, row Row) error {
	address, err := c.updateURL(to)
	if err != nil {
		return err
	}
	form := url.Values{}
	for i, v := range row.Fields {
		if v != "" {
			form.Set("field"+strconv.Itoa(i+1), v)
		}
	}
	if !row.At.IsZero() {
		form.Set("created_at", row.At.UTC().Format(time.RFC3339))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-THINGSPEAKAPIKEY", to.WriteKey)
	res, err := c.do(req)
	if err != nil {
		return fmt.Errorf("the channel cannot be reached: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64))
	if err != nil {
		return fmt.Errorf("the channel's answer broke off: %w", err)
	}
	return judge(res.StatusCode, strings.TrimSpace(string(body)))
}

// judge reads ThingSpeak's answer: the row's number, or 0.
func judge(status int, body string) error {
	number, err := strconv.ParseInt(body, 10, 64)
	switch {
	case err != nil || number < 0:
	case status == http.StatusOK && number > 0:
		return nil
	case status == http.StatusOK:
		return ErrTooSoon
	case status == http.StatusBadRequest && number == 0:
		return ErrRefused
	}
	return fmt.Errorf("the channel answers %d, and no row's number", status)
}

// updateURL is where rows of a channel go. The simple door does not say, so
// that the server's host is asked on the port of such channels.
func (c *Client) updateURL(to wire.Channel) (string, error) {
	switch {
	case c.UpdateURL != "":
		return c.UpdateURL, nil
	case to.UpdateURL != "":
		return to.UpdateURL, nil
	}
	server, err := url.Parse(c.Server)
	if err != nil {
		return "", errors.New("the server's address cannot be read")
	}
	return "http://" + net.JoinHostPort(server.Hostname(), updatePort) + "/update", nil
}
