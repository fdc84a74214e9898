package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/web/household"
	"halfkey/web/problem"
	"halfkey/web/ui"
)

// entry is what every request passes: it gets its id, and a line in the log. The log has the route's pattern and
// never a path or query, for both may carry a key.
func (r Rooms) entry(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		id := iam.NewID() // always as long, so that no answer's length tells anything
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, id)
		h.Set("X-Content-Type-Options", "nosniff")
		if c.Request().TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		c.SetRequest(c.Request().WithContext(audit.WithRequest(c.Request().Context(), "portal", id)))
		if err := next(c); err != nil {
			c.Error(err)
		}
		if r.Log.Enabled(c.Request().Context(), slog.LevelInfo) {
			r.Log.LogAttrs(c.Request().Context(), level(c), "request", slog.String("method", method(c.Request())), slog.String("route", c.Path()),
				slog.Int("status", c.Response().Status), slog.Duration("took", time.Since(start)), slog.String("id", id))
		}
		return nil
	}
}

// level keeps what comes by the hundred out of the ordinary log.
func level(c echo.Context) slog.Level {
	if strings.HasPrefix(c.Path(), ui.AssetsPath) || c.Path() == "/healthz" || c.Path() == "/readyz" {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// method is one that HTTP knows; a stranger writes nothing of his own into the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return r.Method
	}
	return "OTHER"
}

// recover turns a panic into an answer of 500 and a line with where it happened.
func (r Rooms) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				r.Log.Error("panic", "route", c.Path(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return next(c)
	}
}

// sameSite refuses a form that another site sent in the viewer's name.
func sameSite() echo.MiddlewareFunc {
	guard := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if guard.Check(c.Request()) != nil {
				return problem.ErrCrossSite
			}
			return next(c)
		}
	}
}

// formMost is the largest form that a page sends, in bytes.
const formMost = 64 << 10

// limitForm bounds a form and reads it at once, so that a broken one is
// Malformed and one too large says so. A file with readings is not read here: its
// handler does, as it arrives.
func limitForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method != http.MethodPost || c.Path() == household.ImportPath && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
			return next(c)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, formMost)
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && r.ContentLength != 0 {
			return problem.ErrMalformed.At("Content-Type", "is not application/x-www-form-urlencoded")
		}
		if err := r.ParseForm(); err != nil {
			if strings.Contains(err.Error(), "too large") {
				return problem.ErrTooLarge
			}
			return problem.ErrMalformed.At("form", "cannot be read")
		}
		return next(c)
	}
}

// toSetup leads every page to /setup until there is an administrator.
func (r Rooms) toSetup(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if path := c.Path(); path == "/setup" || path == "/passkeys/new" || path == "/theme" || !r.Orgs.NeedsSetup(c.Request().Context()) {
			return next(c)
		}
		return c.Redirect(http.StatusSeeOther, "/setup")
	}
}

// devicesWait keeps devices waiting until there is an administrator.
func (r Rooms) devicesWait(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Path()
		proved := strings.HasPrefix(path, "/v1/")
		if !proved && !strings.HasPrefix(path, "/midpoint/") && !strings.HasPrefix(path, "/ws/") || !r.Orgs.NeedsSetup(c.Request().Context()) {
			return next(c)
		}
		mime, words := "text/plain", wire.Unavailable.Plain
		if proved {
			mime, words = "application/problem+json", wire.Unavailable.Problem
		}
		h := c.Response().Header()
		h.Set("Retry-After", "60")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", strconv.Itoa(len(words)))
		return c.Blob(wire.Unavailable.Status, mime, []byte(words))
	}
}
