package frame

import (
	"context"

	"github.com/labstack/echo/v4"

	"halfkey/iam/fault"
	"halfkey/web/stream"
)

// Stream prepares what one kind of page shows live, from the query with which
// the page asks for it.
type Stream func(c echo.Context) (stream.View, error)

// ErrStream answers a page that nobody keeps alive.
var ErrStream = fault.New(fault.NotFound, "stream-unknown", "There is nothing live of that kind.")

// rights grows whenever the viewer may see other things than before: because
// somebody decided so, or because it was only until now.
func (f *Frame) rights(ctx context.Context) (int64, error) {
	version, err := f.Decider.Version(ctx)
	if err != nil {
		return 0, err
	}
	passed, err := f.Decider.Passed(ctx)
	return version<<20 + int64(passed), err
}

// Streams serves /events: its query's page names one of all, the rest is that
// page's own.
func (f *Frame) Streams(g *echo.Group, all ...map[string]Stream) {
	known := map[string]Stream{}
	for _, some := range all {
		for name, s := range some {
			known[name] = s
		}
	}
	g.GET("/events", func(c echo.Context) error {
		open, ok := known[c.QueryParam("page")]
		if !ok {
			return ErrStream
		}
		view, err := open(c)
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		tenants, err := f.Decider.Tenants(ctx)
		if err != nil {
			return err
		}
		line := stream.Line{Events: f.Live.Subscribe(ctx, tenants...), Still: f.Door.Still(c.Request()), Version: f.rights}
		return stream.Run(c.Response(), c.Request(), line, view)
	})
}
