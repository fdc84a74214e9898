package stream

import (
	"context"
	"runtime"
)

// atOnce is how many pages are drawn at the same moment. One value may be shown on
// ten thousand pages, and what drawing takes shall not be taken ten thousand times.
var atOnce = make(chan struct{}, max(16, 4*runtime.GOMAXPROCS(0)))

// draw runs the view's Draw when it is its turn, in a goroutine of its own: the one
// that waits for hours keeps the small stack that waiting needs.
func draw(ctx context.Context, view View, out *Out) (err error) {
	select {
	case atOnce <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	var broke any
	done := make(chan struct{})
	go func() {
		defer func() {
			broke = recover()
			<-atOnce
			close(done)
		}()
		err = view.Draw(ctx, out)
	}()
	<-done
	if broke != nil {
		panic(broke) // where it is told with the route
	}
	return err
}
