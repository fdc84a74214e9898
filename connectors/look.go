package connectors

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"halfkey/iam"
)

// What channels outside hold is shown from our copy. Whoever looks has it made
// good beside his request when it is older than lookEvery: once for all who look
// at the same time, whatever the number of replicas.
const (
	lookEvery = 10 * time.Second
	firstLook = 2 * time.Second // so long the very first waits for it
)

// A Copy is how good our copy of a channel outside is.
type Copy struct {
	Service string    // that keeps the channel, by Service.Name
	Number  string    // what the channel is called there; empty while it is being made
	URL     string    // where other programs read it there, without a key
	At      time.Time // when it was last made good; zero: never yet
	Stale   bool      // it could not be made good since
	Cause   string    // why: one of the errors of a call, "paused", or empty
	Next    time.Time // when that is tried again; zero: when somebody acts

	tried time.Time
	due   bool // who looks has it made good
}

type copyRow struct {
	ID        string
	Provider  string
	Connector string // its state
	State     string
	External  string
	Settings  string
	ReadAt    *int64
	ReadTried *int64
	ReadError string
	RetryAt   int64
	Trouble   string
}

const copiesOf = `SELECT p.id, c.provider, c.state AS connector, p.state, COALESCE(p.external_id, '') AS external, c.settings, p.read_at, p.read_tried_at AS read_tried, p.read_error, c.retry_at, c.trouble
FROM projections p JOIN connectors c ON c.id = p.connector_id WHERE p.id IN ?`

// Copies tells how good the copies of channels are. One that is made by no Reader
// has none.
func (d *Desk) Copies(ctx context.Context, channels []string) (map[string]Copy, error) {
	all := make(map[string]Copy, len(channels))
	if len(channels) == 0 {
		return all, nil
	}
	var rows []copyRow
	if err := d.db(ctx).Raw(copiesOf, channels).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("see how good copies are: %w", err)
	}
	for _, r := range rows {
		if reader, reads := d.Services[r.Provider].(Reader); reads {
			c := r.copy(d.Now())
			var set Settings
			if json.Unmarshal([]byte(r.Settings), &set) == nil && c.Number != "" {
				c.URL = reader.ReadURL(set, c.Number)
			}
			all[r.ID] = c
		}
	}
	return all, nil
}

func (r copyRow) copy(now time.Time) Copy {
	c := Copy{Service: r.Provider, Number: r.External, At: iam.TimeOrZero(r.ReadAt), tried: iam.TimeOrZero(r.ReadTried), Cause: r.ReadError}
	c.Next = c.tried.Add(lookEvery)
	if retry := iam.Time(r.RetryAt); retry.After(now) {
		c.Cause = r.Trouble
		if retry.After(c.Next) {
			c.Next = retry
		}
	}
	if r.Connector != active {
		c.Cause, c.Next = paused, time.Time{}
	}
	c.due = r.Connector == active && r.External != "" && (r.State == Ready || r.State == Held) && !c.Next.After(now)
	c.Stale = c.Cause != "" && now.Sub(c.At) >= lookEvery
	return c
}

// Look is Copies for somebody who looks at one channel: a copy that is not new is
// made good, for which only the very first look waits.
func (d *Desk) Look(ctx context.Context, channel string) (Copy, error) {
	all, err := d.Copies(ctx, []string{channel})
	c := all[channel]
	if err != nil || !c.due {
		return c, err
	}
	done := d.soon(channel)
	if !c.tried.IsZero() {
		return c, nil
	}
	select {
	case <-done:
	case <-time.After(firstLook):
	case <-ctx.Done():
	}
	all, err = d.Copies(ctx, []string{channel})
	return all[channel], err
}

// soon makes a copy good beside the request, once however many ask.
func (d *Desk) soon(channel string) (done <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if running := d.reading[channel]; running != nil {
		return running
	}
	over := make(chan struct{})
	if d.stopped() {
		close(over)
		return over
	}
	if d.reading == nil {
		d.reading = map[string]chan struct{}{}
	}
	d.reading[channel] = over
	d.working.Go(func() {
		ctx, cancel := d.untilStop()
		defer cancel()
		if err := d.read(ctx, channel); err != nil && ctx.Err() == nil {
			d.Log.Error("connectors: what a channel outside holds was not read", "channel", channel, "error", err)
		}
		d.mu.Lock()
		delete(d.reading, channel)
		d.mu.Unlock()
		close(over)
	})
	return over
}

// stopped tells whether Stop was called; the caller holds the lock.
func (d *Desk) stopped() bool {
	if d.stop == nil {
		d.stop = make(chan struct{})
	}
	select {
	case <-d.stop:
		return true
	default:
		return false
	}
}

// untilStop is a context that ends with Stop.
func (d *Desk) untilStop() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-d.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
