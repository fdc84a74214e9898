package connectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// A Call is one that was made to a connector's service.
type Call struct {
	At      time.Time
	What    string        // method and path; a query, in which a key could stand, is left out
	Outcome string        // a status, or CallSlow, CallCut or CallShut
	Took    time.Duration // until the answer was read
}

// What a call came to that was not answered whole.
const (
	CallSlow = "slow" // there was no answer in time
	CallCut  = "cut"  // the answer ended early
	CallShut = "shut" // nobody was reached
)

// Failed tells whether the service did not do what it was asked.
func (c Call) Failed() bool {
	status, err := strconv.Atoi(c.Outcome)
	return err != nil || status >= 400
}

// callsKept is how many of a connector's calls are remembered.
const callsKept = 20

// calls are those made on behalf of one connector. They are gathered beside the
// work and written down when it is over.
type calls struct {
	now  func() time.Time
	mu   sync.Mutex
	made []Call
}

type callsKey struct{}

// Counted is a context whose calls are a connector's own: what a transport of
// Watched sends with it is remembered. Keep writes that down, beside no transaction.
func (d *Desk) Counted(ctx context.Context, id ID) (counted context.Context, keep func()) {
	c := &calls{now: d.Now}
	return context.WithValue(ctx, callsKey{}, c), func() {
		if err := d.keepCalls(context.WithoutCancel(ctx), id, c); err != nil {
			d.Log.Warn("connectors: the last calls are not remembered", "connector", id, "error", err)
		}
	}
}

func (d *Desk) keepCalls(ctx context.Context, id ID, c *calls) error {
	c.mu.Lock()
	made := c.made
	c.made = nil
	c.mu.Unlock()
	if len(made) == 0 {
		return nil
	}
	rows := make([]map[string]any, len(made))
	for i, k := range made {
		rows[i] = map[string]any{"connector_id": id, "id": iam.NewID(), "at": iam.Micros(k.At), "what": k.What, "outcome": k.Outcome, "took": k.Took.Microseconds()}
	}
	return d.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Table("connector_calls").Create(rows).Error; err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM connector_calls WHERE connector_id = ? AND id NOT IN (SELECT id FROM connector_calls WHERE connector_id = ? ORDER BY at DESC, id DESC LIMIT ?)`,
			id, id, callsKept).Error
	})
}

// Calls are the last that were made for a connector, newest first.
func (d *Desk) Calls(ctx context.Context, id ID) (list []Call, err error) {
	if _, err := d.take(ctx, id, policies.ReadConnector); err != nil {
		return nil, err
	}
	var rows []struct {
		At, Took      int64
		What, Outcome string
	}
	if err := d.db(ctx).Raw(`SELECT at, what, outcome, took FROM connector_calls WHERE connector_id = ? ORDER BY at DESC, id DESC LIMIT ?`, id, callsKept).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list calls of connector %s: %w", id, err)
	}
	for _, r := range rows {
		list = append(list, Call{iam.Time(r.At), r.What, r.Outcome, time.Duration(r.Took) * time.Microsecond})
	}
	return list, nil
}

func (c *calls) add(k Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made = append(c.made, k); len(c.made) > callsKept {
		c.made = c.made[1:]
	}
}

// Watched is a transport whose calls are remembered where their context is Counted.
func Watched(over http.RoundTripper) http.RoundTripper { return watched{over} }

type watched struct{ over http.RoundTripper }

// whatMost is the longest path that is remembered, in bytes.
const whatMost = 120

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	c, ok := r.Context().Value(callsKey{}).(*calls)
	if !ok {
		return w.over.RoundTrip(r)
	}
	path := r.URL.EscapedPath()
	k, begun := Call{At: c.now(), What: r.Method + " " + path[:min(len(path), whatMost)]}, time.Now()
	res, err := w.over.RoundTrip(r)
	if err != nil {
		k.Took, k.Outcome = time.Since(begun), CallShut
		if timed(err) {
			k.Outcome = CallSlow
		}
		c.add(k)
		return res, err
	}
	k.Outcome = strconv.Itoa(res.StatusCode)
	res.Body = &heard{ReadCloser: res.Body, into: c, call: k, begun: begun}
	return res, nil
}

func timed(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// heard is an answer that is noted when it was read.
type heard struct {
	io.ReadCloser
	into  *calls
	call  Call
	begun time.Time
	once  sync.Once
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
	case timed(err):
		h.call.Outcome = CallSlow
	default:
		h.call.Outcome = CallCut
	}
	return n, err
}

func (h *heard) Close() error {
	h.once.Do(func() {
		h.call.Took = time.Since(h.begun)
		h.into.add(h.call)
	})
	return h.ReadCloser.Close()
}
