package main

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
)

func (c Config) logLevel() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.Log.Level))
	return l, err
}

func (c Config) logger(w io.Writer) *slog.Logger {
	level, _ := c.logLevel()
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// discreet passes warnings on and keeps the rest to itself: River tells much about
// itself, and calls its own orderly end an error.
type discreet struct {
	slog.Handler
	ending *atomic.Bool
}

// Enabled is false for small talk, and for everything once we end.
func (d discreet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && !d.ending.Load() && d.Handler.Enabled(ctx, l)
}

// WithAttrs and WithGroup keep the discretion.
func (d discreet) WithAttrs(a []slog.Attr) slog.Handler {
	return discreet{d.Handler.WithAttrs(a), d.ending}
}
func (d discreet) WithGroup(name string) slog.Handler {
	return discreet{d.Handler.WithGroup(name), d.ending}
}
