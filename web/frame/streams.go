package frame

import (
	"github.com/labstack/echo/v4"

	"halfkey/iam/fault"
	"halfkey/web/stream"
)

// Stream prepares what one kind of page shows live, from the query with which
// the page asks for it.
type Stream func(c echo.Context) (stream.View, error)

// ErrStream answers a page that nobody keeps alive.
var ErrStream = fault.New(fault.NotFound, "stream-unknown", "There is nothing live of that kind.")

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
		line := stream.Line{Events: f.Live.Subscribe(ctx, tenants...), Still: f.Door.Still(c.Request()), Version: f.Decider.Version}
		return stream.Run(c.Response(), c.Request(), line, view)
	})
}
