// Package web joins the front doors on the main listener: pages for people,
// registration doors for devices, one event stream a page, and what tells a
// supervisor that the house stands. It knows no deed itself.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/devices/doctor"
	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/iam/notify"
	"halfkey/iam/oidc"
	"halfkey/iam/token"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/api"
	"halfkey/web/auth"
	"halfkey/web/docs"
	"halfkey/web/frame"
	"halfkey/web/household"
	"halfkey/web/notice"
	"halfkey/web/peer"
	"halfkey/web/portal"
	"halfkey/web/problem"
	"halfkey/web/ui"

	"gorm.io/gorm"
)

// Rooms is what the doors lead to, and how they are reached.
type Rooms struct {
	DB       *gorm.DB
	Sessions *iam.Sessions
	Users    *iam.Users
	Settings *iam.Settings
	Decider  *policies.Decider
	Orgs     *orgs.Service
	Devices  *devices.Service
	Channels *channels.Store
	Live     *live.Hub
	Post     *notify.Service // tells people things
	Hooks    *notify.Hooks   // tells programs
	Recovery *iam.Recovery
	OIDC     *oidc.Service    // signs people in through their tenant's provider
	Machines orgs.Machines    // service accounts and the tokens of programs
	Agents   *agents.Service  // nil: none come
	Desk     *connectors.Desk // works with services outside; nil: there is none
	Doctor   *doctor.Service  // finds what is broken; nil: nobody looks
	Keys     *token.Keys      // with which our tokens are signed

	BaseURL     string                       // where people and devices reach us; "": where the request came
	ReadURL     func(context.Context) string // of the door where programs write and read values; nil: BaseURL
	Trusted     peer.Trusted                 // proxies whose word on addresses counts
	AcceptPlain bool                         // people may sign in over plain HTTP
	PlainAgents bool                         // agents may come over plain HTTP, too
	Ready       func(context.Context) error  // nil: always
	Tally       *api.Tally                   // counts registrations; nil: nobody asks
	Now         func() time.Time
	Log         *slog.Logger
}

// New builds the main listener's handler.
func New(r Rooms) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	door := &auth.Door{Sessions: r.Sessions, Settings: r.Settings, Orgs: r.Orgs, Looks: orgs.NewLooks(r.Orgs), Users: r.Users, Recovery: r.Recovery, BaseURL: r.BaseURL,
		OIDC: r.OIDC, Browsers: &iam.Browsers{DB: r.DB, Vault: r.Sessions.Vault, Post: r.Post},
		Trusted: r.Trusted, AcceptPlain: r.AcceptPlain, Now: r.Now, Log: r.Log}
	around := frame.New(frame.Parts{Door: door, Orgs: r.Orgs, Devices: r.Devices, Decider: r.Decider, Live: r.Live, Now: r.Now})
	errors := &problem.Handler{Page: around.Trouble, Log: r.Log}
	e.HTTPErrorHandler = errors.Handle
	e.Use(r.entry, r.recover, r.devicesWait)

	e.GET("/healthz", alive)
	e.GET("/readyz", r.ready)
	assets := echo.WrapHandler(ui.AssetsHandler())
	e.GET(ui.AssetsPath+"*", assets)
	e.HEAD(ui.AssetsPath+"*", assets)
	(&api.Handler{Devices: r.Devices, Trusted: r.Trusted, Log: r.Log, Tally: r.Tally}).Mount(e)
	r.mountAgents(e)
	r.mountREST(e, door)
	r.mountSCIM(e, door)

	pages := e.Group("", sameSite(), limitForm, r.toSetup, door.Know)
	door.Mount(pages)
	signedIn := pages.Group("", door.Need)
	p := portal.New(portal.Parts{Frame: around, Orgs: r.Orgs, Devices: r.Devices, Channels: r.Channels, Decider: r.Decider, Users: r.Users, Recovery: r.Recovery, OIDC: r.OIDC, Notices: notice.Board{Post: r.Post},
		Webhooks: orgs.Webhooks{Orgs: r.Orgs, Hooks: r.Hooks}, Rhythm: &rhythm.Watch{Devices: r.Devices, Post: r.Post, Hooks: r.Hooks},
		AccountKeys: orgs.AccountKeys{Orgs: r.Orgs, Store: r.Channels}, Keeping: orgs.Keeping{Orgs: r.Orgs, Store: r.Channels}, Reviews: orgs.Reviews{Orgs: r.Orgs, Store: r.Channels, Machines: r.Machines}, Doctor: r.Doctor, DB: r.DB, BaseURL: door.Base, ReadURL: r.readURL(door), Now: r.Now})
	h := &household.House{Frame: around, Notices: notice.Board{Post: r.Post}, Devices: r.Devices, Channels: r.Channels, Bulk: r.bulk(), Decider: r.Decider, ReadURL: r.readURL(door), Now: r.Now}
	p.Mount(signedIn)
	h.Mount(signedIn)
	r.mountConnectors(signedIn, around)
	health := &portal.Health{Portal: p}
	health.Mount(signedIn)
	notices := notice.Board{Post: r.Post}
	notices.Mount(signedIn)
	me := &auth.Me{Door: door, Around: func(c echo.Context, title string) (ui.Page, error) {
		h, err := around.Own(c, title)
		return h.Page, err
	}}
	me.Parts = append(me.Parts, p.SilenceWish)
	me.Mount(signedIn)
	r.mountMachines(signedIn, around, me)
	around.Streams(signedIn, p.Streams(), h.Streams(), health.Streams(), r.mountAgentPages(signedIn, p))
	e.GET("/embed/:token", h.Embedded) // inside other people's pages: no session, no cookie
	e.HEAD("/embed/:token", h.Embedded)
	e.GET("/embed/:token/data", h.EmbeddedData)
	pages.GET("/enrol", h.Enrol)
	pages.HEAD("/enrol", h.Enrol)
	pages.GET("/problems/:code", around.Problem)
	(&docs.Guide{Door: door, Frame: around, Orgs: r.Orgs, Devices: r.Devices}).Mount(pages)
	pages.HEAD("/problems/:code", around.Problem)
	return e
}

// readURL is the door at which programs read values.
func (r Rooms) readURL(door *auth.Door) func(echo.Context) string {
	return func(c echo.Context) string {
		if r.ReadURL == nil {
			return door.Base(c)
		}
		return strings.TrimSuffix(r.ReadURL(c.Request().Context()), "/")
	}
}

func alive(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// ready answers 503 until everything that a request needs is there.
func (r Rooms) ready(c echo.Context) error {
	if r.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
		defer cancel()
		if err := r.Ready(ctx); err != nil {
			r.Log.Warn("not ready", "error", err)
			return c.String(http.StatusServiceUnavailable, "not ready\n")
		}
	}
	return c.String(http.StatusOK, "ready\n")
}
