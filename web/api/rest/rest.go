// Package rest is the API for programs and for the command line: everything that
// the portal can do, as JSON under /api/v1, described by openapi.yaml. Each
// handler parses, asks a service and answers; it decides nothing.
package rest

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/bulk"
	"halfkey/devices/doctor"
	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/notify"
	"halfkey/iam/oidc"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/auth"
	"halfkey/web/problem"
)

// Prefix stands before every address of the API.
const Prefix = "/api/v1"

// Parts is what the API leads to. All fields are needed but Lately and Log.
type Parts struct {
	DB       *gorm.DB // of the trail
	Decider  *policies.Decider
	Users    *iam.Users
	Sessions *iam.Sessions
	Machines orgs.Machines
	Orgs     *orgs.Service
	Devices  *devices.Service
	Channels *channels.Store
	Desk     *connectors.Desk
	Bulk     *bulk.Service
	Doctor   *doctor.Service
	Rhythm   *rhythm.Watch
	Post     *notify.Service
	Hooks    *notify.Hooks
	OIDC     *oidc.Service
	Recovery *iam.Recovery
	Answers  *iam.Answers
	Lately   echo.MiddlewareFunc       // lets those through who proved lately who they are; nil: everybody
	BaseURL  func(echo.Context) string // where people find us, no slash at the end
	ReadURL  func(echo.Context) string // where programs read values, likewise
	Now      func() time.Time
	Log      *slog.Logger
}

// API serves the addresses. Make it with New.
type API struct {
	Parts
	accounts orgs.AccountKeys
	keepings orgs.Keeping
	hooks    orgs.Webhooks
	problems *problem.Handler
}

// New joins the parts.
func New(p Parts) *API {
	return &API{Parts: p, accounts: orgs.AccountKeys{Orgs: p.Orgs, Store: p.Channels}, keepings: orgs.Keeping{Orgs: p.Orgs, Store: p.Channels},
		hooks: orgs.Webhooks{Orgs: p.Orgs, Hooks: p.Hooks}, problems: &problem.Handler{Log: p.Log}}
}

// Mount hangs the API on e. Who asks, the given middleware has found out; door
// is what the trail calls this way in.
func (a *API) Mount(e *echo.Echo, door string, who ...echo.MiddlewareFunc) {
	open := e.Group(Prefix, a.told)
	open.GET("/openapi.yaml", serveYAML)
	open.GET("/openapi.json", serveJSON)
	g := e.Group(Prefix, append(append([]echo.MiddlewareFunc{a.told, enter(door)}, who...), need)...)
	a.self(g)
	a.people(g)
	a.places(g)
	a.sharing(g)
	a.services(g)
	a.keys(g)
	a.things(g)
	a.pending(g)
	a.runs(g)
	a.readings(g)
	a.readingFiles(g)
	a.trail(g)
	a.taking(g)
	a.past(g)
	a.bundles(g)
	a.sales(g)
	a.looking(g)
	a.policy(g)
	a.connections(g)
	a.kept(g)
	a.byHand(g)
	a.readers(g)
	a.embeds(g)
	a.webhooks(g)
	a.providers(g)
	a.platform(g)
	a.mine(g)
	a.ages(g)
	a.news(g)
	a.broken(g)
	g.GET("/explain", a.explain, known("who", "action", "org", "device"))
	open.RouteNotFound("/*", func(echo.Context) error { return problem.ErrNoRoute })
}

// told answers every failure in the API's own words, never with a page.
func (a *API) told(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		if err := next(c); err != nil {
			r := c.Request().Clone(c.Request().Context())
			r.Header.Del("Accept")
			c.SetRequest(r)
			a.problems.Handle(err, c)
		}
		return nil
	}
}

// enter tells the trail by which door a request came.
func enter(door string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			if h.Get(echo.HeaderXRequestID) == "" {
				h.Set(echo.HeaderXRequestID, iam.NewID())
			}
			c.SetRequest(c.Request().WithContext(audit.WithRequest(c.Request().Context(), door, h.Get(echo.HeaderXRequestID))))
			return next(c)
		}
	}
}

// fresh stands before what shows, changes or hands over keys and roles. Nothing
// is handed over by asking what a deed would come to.
func (a *API) fresh(next echo.HandlerFunc) echo.HandlerFunc {
	if a.Lately == nil {
		return next
	}
	proved := a.Lately(next)
	return func(c echo.Context) error {
		if c.QueryParam("dry_run") == "true" {
			return next(c)
		}
		return proved(c)
	}
}

// need lets only those in who are somebody.
func need(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := policies.Asking(c.Request().Context()); !ok {
			c.Response().Header().Set("WWW-Authenticate", `Bearer realm="Halfkey"`)
			return auth.ErrSignIn
		}
		return next(c)
	}
}

// created answers for something new.
func created(c echo.Context, path string, v any) error {
	c.Response().Header().Set("Location", Prefix+path)
	return thing(c, http.StatusCreated, v)
}
