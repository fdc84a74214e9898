// Package thingspeak is the door for devices and programs that speak to a
// ThingSpeak. Its failure bodies are part of the contract: a refused value is
// `0`, a refused reading `-1`, a refused account call a JSON object. It needs a
// listener of its own, since devices call it by any name or address, and Listen,
// since they do not always speak HTTP.
package thingspeak

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/web/problem"
)

// Config is what the door needs.
type Config struct {
	Store  *channels.Store
	Now    func() time.Time
	Logger *slog.Logger
}

// New is the door's handler. It does not know the portal's paths, nor the portal its.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &door{c}
}

// Server serves the door with the patience that devices need and no more: one
// that connects and says nothing is gone after 10 seconds.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // strangers' bad lines are no news
	}
}

type door struct{ Config }

// A call is a request that has been taken apart.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context // outlives the caller's patience
	parts  []string
	format format
	params Params
	key    string
}

// Bounds on what a request may carry and take.
const (
	maxUpdate = 16 << 10
	maxBody   = 64 << 10
	maxTime   = 10 * time.Second
)

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r}
	c.parts, c.format = splitPath(r.URL.Path)
	if r.Method == http.MethodOptions {
		say(w, http.StatusOK, "")
		return
	}
	if c.parts[0] == "update" && len(c.parts) == 1 {
		d.update(c)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), maxTime)
	defer cancel()
	c.ctx = audit.WithRequest(ctx, "thingspeak", "")
	d.route(c)
}

func (d *door) route(c *call) {
	if len(c.parts) == 3 && c.parts[0] == "channels" && c.parts[2] == "bulk_update" {
		d.bulk(c)
		return
	}
	if len(c.parts) == 3 && c.parts[0] == "channels" && c.parts[2] == "import" && c.format == asCSV {
		d.importFile(c)
		return
	}
	if c.parts[0] != "channels" && c.parts[0] != "users" {
		d.asset(c)
		return
	}
	var err error
	if c.params, err = readParams(c.r, maxBody); err != nil {
		d.refuseAccount(c, badBody(err))
		return
	}
	c.key = apiKey(c.r, c.params)
	switch rest := c.parts[1:]; {
	case c.parts[0] == "users":
		d.user(c)
	case len(rest) == 1 && rest[0] == "public":
		d.public(c)
	case len(rest) < 2, len(rest) == 2 && isFeed(rest[1]) && c.r.Method == http.MethodDelete:
		d.account(c)
	case rest[1] == "export" && len(rest) == 2 && (c.format == asCSV || c.format == asLines):
		d.export(c)
	case rest[1] == "charts" && len(rest) == 3:
		d.chart(c)
	default:
		d.read(c)
	}
}

func isFeed(s string) bool  { return s == "feeds" || s == "feed" }
func isField(s string) bool { return s == "fields" || s == "field" }

// statusOf is the HTTP status of a failure as ThingSpeak has it, and whether it
// was ours.
func (d *door) statusOf(c *call, err error) int {
	switch f := fault.Of(err); {
	case errors.Is(err, connectors.ErrChannel):
		return http.StatusNotFound
	case f.Kind == fault.Unavailable:
		d.Logger.Error("thingspeak", "route", c.route(), "error", err)
		c.w.Header().Set("Retry-After", problem.RetryAfter(max(f.RetryAfter, time.Second)))
		return http.StatusServiceUnavailable
	case f.Kind == fault.Internal:
		d.Logger.Error("thingspeak", "route", c.route(), "error", err)
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// route is what the log may know of a path, which sketches put keys into.
func (c *call) route() string {
	if first := c.parts[0]; first == "update" || first == "channels" || first == "users" {
		return "/" + first
	}
	return "other"
}
