package client

import (
	"context"
	"errors"
	"io"
	"time"
)

// Report writes a row, and where the channel refuses the write key asks the
// registration door again, once and in its pace. Meanwhile the stored key keeps
// being tried: a device that was paused goes on as soon as it may.
func (c *Client) Report(ctx context.Context, row Row) error {
	err := c.Write(ctx, row)
	if (errors.Is(err, ErrRefused) || errors.Is(err, ErrNotRegistered)) && !c.now().Before(c.askAgain) {
		if err = c.RegisterOnce(ctx); err == nil {
			err = c.Write(ctx, row)
		}
		c.askAgain = c.now().Add(c.asked.next(err)) // for when this key is refused too
	}
	if err == nil {
		c.asked, c.askAgain = pace{}, time.Time{}
	}
	return err
}

// Run is the device's life: register where it has to, then a row every
// interval. It ends with ctx, or without an error when measure says io.EOF.
// What goes wrong on the line is logged and outlived.
func (c *Client) Run(ctx context.Context, interval time.Duration, measure func(time.Time) (Row, error)) error {
	if err := c.start(ctx); err != nil {
		return err
	}
	for {
		row, err := measure(c.now())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch err := c.Report(ctx, row); {
		case err == nil:
			c.log().Debug("wrote", "fields", row.Fields)
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			c.log().Warn("not written", "cause", err.Error())
		}
		if err := c.sleep(ctx, interval); err != nil {
			return err
		}
	}
}

// start registers a new device. One whose key or server was changed asks once
// and otherwise goes on with what it has.
func (c *Client) start(ctx context.Context) error {
	s, err := c.Store.Load()
	switch {
	case err != nil:
		return err
	case s.Current == nil && s.Next == nil:
		return c.Register(ctx)
	case s.RegistrationDue:
		if err := c.RegisterOnce(ctx); err != nil {
			c.log().Warn("goes on with the old credentials", "cause", err.Error())
		}
	}
	return nil
}

// Backfill writes what would have been measured every step between two times,
// the oldest first. Repeating it does no harm: the times are round, and a
// channel takes a time only once.
func (c *Client) Backfill(ctx context.Context, from, to time.Time, step time.Duration, measure func(time.Time) (Row, error)) error {
	for at := from.Truncate(step).Add(step); at.Before(to); at = at.Add(step) {
		row, err := measure(at)
		if err != nil {
			return err
		}
		row.At = at
		for err = c.Write(ctx, row); errors.Is(err, ErrTooSoon); err = c.Write(ctx, row) {
			if err := c.sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		if err != nil && !errors.Is(err, ErrRefused) {
			return err
		}
	}
	return nil
}
