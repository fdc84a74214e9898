// Package stream keeps an open page alive. It draws the page's changing parts
// for whoever looks, sends those that have changed, and ends when the viewer may
// no longer look. It knows no page; a page gives it a View.
package stream

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"halfkey/iam/live"
	"halfkey/web/ui"
)

// View is what one page shows live. Draw asks the same services as the page
// itself, as the same viewer, so what the viewer may not see it cannot send;
// an error ends the stream.
type View struct {
	Wants func(live.Event) bool // nil: every event of the viewer's tenants
	Draw  func(ctx context.Context, out *Out) error
}

// Out collects what one round sends.
type Out struct {
	sent map[string]uint64
	buf  bytes.Buffer
}

var seed = maphash.MakeSeed()

// Part sends an element anew, unless the page has it like that already. The
// component's root carries the id.
func (o *Out) Part(ctx context.Context, id string, c templ.Component) error {
	var html bytes.Buffer
	if err := c.Render(ctx, &html); err != nil {
		return err
	}
	sum := maphash.Bytes(seed, html.Bytes())
	if was, ok := o.sent[id]; ok && was == sum {
		return nil
	}
	o.sent[id] = sum
	return ui.WriteEvent(&o.buf, id, html.String())
}

// Chart adds points to the chart of that id.
func (o *Out) Chart(id string, points []ui.Point) error {
	if len(points) == 0 {
		return nil
	}
	return ui.WriteEvent(&o.buf, "chart", ui.ChartPoints(id, points))
}

// Go moves the page to a path on this host.
func (o *Out) Go(path string) error { return ui.WriteEvent(&o.buf, "go", path) }

// Line is one viewer's stream.
type Line struct {
	Events  <-chan live.Event
	Still   func(context.Context) error          // the viewer is still signed in
	Version func(context.Context) (int64, error) // of all rights; when it changes, the page is drawn anew
}

const (
	pace  = time.Second            // at most one message in this time, unless rights have changed
	watch = 250 * time.Millisecond // so often one looks at them: what was taken is gone within a second
	quiet = 15 * time.Second       // ages of readings change without an event
	slow  = 10 * time.Second       // a reader who takes longer for one message is dropped
)

// Run serves the stream until the caller hangs up, the server stops or the
// viewer loses the page. The first message goes out at once; what follows is
// gathered to one a second, but for what somebody may see no more.
func Run(w http.ResponseWriter, r *http.Request, line Line, view View) error {
	ctx, control := r.Context(), http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	out := &Out{sent: map[string]uint64{}}
	version, _ := line.Version(ctx)
	if err := draw(ctx, view, out); err != nil {
		return err // nothing is sent yet, so this still is an answer
	}
	w.WriteHeader(http.StatusOK)
	if !send(w, control, out) {
		return nil
	}
	drawn, stale := time.Now(), false
	tick := time.NewTicker(watch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, open := <-line.Events:
			if !open {
				return nil
			}
			if view.Wants != nil && e.Kind != live.Missed && !view.Wants(e) {
				continue
			}
			if stale = true; time.Since(drawn) < pace {
				continue
			}
		case <-tick.C:
			if line.Still(ctx) != nil {
				return nil
			}
			v, err := line.Version(ctx)
			changed := err == nil && v != version
			if changed {
				version = v
			}
			if age := time.Since(drawn); !changed && age < quiet && (!stale || age < pace) {
				continue
			}
		}
		if line.Still(ctx) != nil || draw(ctx, view, out) != nil || !send(w, control, out) {
			return nil
		}
		drawn, stale = time.Now(), false
	}
}

// send writes what was collected, or a comment that keeps the line open.
func send(w io.Writer, control *http.ResponseController, out *Out) bool {
	if out.buf.Len() == 0 {
		out.buf.WriteString(": still here\n\n")
	}
	// The server's own deadline is for answers that end; this one is for each message.
	if err := control.SetWriteDeadline(time.Now().Add(slow)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	_, err := w.Write(out.buf.Bytes())
	out.buf.Reset()
	return err == nil && control.Flush() == nil
}
