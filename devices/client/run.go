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

// patience is how often a row of the past is offered, a second apart: longer
// than the longest gap that a channel keeps between rows.
const patience = 20

// Backfill writes what would have been measured every step between two times,
// the oldest first, and remembers how far it came. A row that the channel does
// not take in the end is there already: its answer was lost.
func (c *Client) Backfill(ctx context.Context, from, to time.Time, step time.Duration, measure func(time.Time) (Row, error)) error {
	s, err := c.Store.Load()
	if err != nil {
		return err
	}
	if done := time.Unix(s.Filled, 0); done.After(from) {
		from = done
	}
	for at := from.Truncate(step).Add(step); at.Before(to); at = at.Add(step) {
		row, err := measure(at)
		if err != nil {
			return err
		}
		row.At = at
		if err := c.offer(ctx, row); err != nil && !errors.Is(err, ErrTooSoon) {
			return err
		}
		if err := c.filled(at); err != nil {
			return err
		}
	}
	return nil
}

// offer writes one row, patiently. Its time keeps it from being stored twice.
func (c *Client) offer(ctx context.Context, row Row) error {
	err := c.Write(ctx, row)
	for n := 1; n < patience && err != nil && !errors.Is(err, ErrRefused) && !errors.Is(err, ErrNotRegistered); n++ {
		if err := c.sleep(ctx, time.Second); err != nil {
			return err
		}
		err = c.Write(ctx, row)
	}
	return err
}

func (c *Client) filled(until time.Time) error {
	s, err := c.Store.Load()
	if err != nil {
		return err
	}
	s.Filled = until.Unix()
	return c.Store.Save(s)
}
