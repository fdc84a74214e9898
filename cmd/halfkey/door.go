package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// A door is a listener with what answers behind it.
type door struct {
	name     string
	listener net.Listener
	server   *http.Server
}

func openDoor(name, address string, lock *tls.Config) (*door, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen.%s: %w", name, err)
	}
	if lock != nil {
		lock = lock.Clone()
		lock.NextProtos = []string{"h2", "http/1.1"}
		l = tls.NewListener(l, lock)
	}
	return &door{name: name, listener: l}, nil
}

func (d *door) port() int { return d.listener.Addr().(*net.TCPAddr).Port }

// Times that end a stalled conversation. Live streams lift the write deadline themselves.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 60 * time.Second
	idleTime   = 2 * time.Minute
	patience   = 10 * time.Second // for all answers together, when we go
	courtesy   = 300 * time.Millisecond
)

func mainServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// answer serves every door until ctx ends, with besides running next to them. Then no
// door takes a new caller, what is being answered gets a moment, and live streams are
// told to end: one open stream would hold the house up to the limit.
func answer(ctx context.Context, log *slog.Logger, doors doors, besides func(context.Context) error) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range doors.all() {
		d.server.BaseContext = func(net.Listener) context.Context { return base }
		log.Info("listening", "door", d.name, "address", d.listener.Addr().String())
		g.Go(func() error {
			if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("%s door: %w", d.name, err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			time.AfterFunc(courtesy, end)
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			if err := d.server.Shutdown(last); err != nil {
				return errors.Join(err, d.server.Close())
			}
			return nil
		})
	}
	g.Go(func() error { return besides(ctx) })
	return g.Wait()
}
