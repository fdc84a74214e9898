// Package portal is what owners and managers see: their places, devices, people,
// and what happened. Each page parses its address, asks the services, and draws
// the answer; whatever the viewer may not see never reaches it.
package portal

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"
	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/doctor"
	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/iam/oidc"
	"halfkey/iam/recall"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/notice"
)

// Portal serves the pages. Make it with New.
type Portal struct {
	Parts
	counts *recall.Memory[counted, int]
}

// Parts is what a portal is made of.
type Parts struct {
	Frame    *frame.Frame
	Orgs     *orgs.Service
	Devices  *devices.Service
	Channels *channels.Store
	Decider  *policies.Decider
	Users    *iam.Users
	Recovery *iam.Recovery
	Notices  notice.Board
	OIDC     *oidc.Service
	DB       *gorm.DB                    // of the trail
	BaseURL  func(c echo.Context) string // where the browser and the devices find us, no slash at the end
	ReadURL  func(c echo.Context) string // where programs write and read values, likewise
	Now      func() time.Time

	AccountKeys orgs.AccountKeys
	Keeping     orgs.Keeping
	Webhooks    orgs.Webhooks
	Rhythm      *rhythm.Watch
	Reviews     orgs.Reviews
	Doctor      *doctor.Service // nil: nobody looks for what is broken
}

// New joins the parts. How many devices a long list has is counted every few
// seconds at most.
func New(p Parts) *Portal { return &Portal{p, recall.New[counted, int](10_000, 3*time.Second)} }

// Mount adds the pages; g lets only those in who are signed in.
func (p *Portal) Mount(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{
		"/": p.home, "/orgs": p.orgs, "/devices": p.devices, "/devices/new": p.askPlace, "/devices/:id": p.device,
		"/devices/:id/move": p.askMove, "/devices/:id/offboard": p.askOffboard, "/pending": p.pending,
		"/devices/new/keys": p.keys, "/devices/new/keys/:id": p.key, "/devices/new/keys/:id/replace": p.askReplace, "/devices/new/keys/:id/revoke": p.askRevoke,
		"/orgs/:id": p.org, "/orgs/:id/account-keys/:key/revoke": p.askRevokeAccountKey, "/people": p.people, "/people/roles/:id": p.askEnd,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	p.mountTrail(g)
	p.mountReviews(g)
	fresh := p.Frame.Door.Fresh // before what shows, changes or hands over keys and roles
	g.POST("/orgs", p.newOrg)
	g.POST("/orgs/:id", p.settle, fresh)
	p.mountPlaces(g)
	p.mountKeeping(g)
	p.mountRoles(g)
	p.mountTransfers(g)
	p.mountManual(g)
	p.mountReadKeys(g)
	p.mountWebhooks(g)
	g.POST("/me/silence", p.wishSilence)
	g.POST("/orgs/:id/account-keys", p.makeAccountKey, fresh)
	g.POST("/orgs/:id/account-keys/:key/revoke", p.revokeAccountKey, fresh)
	g.POST("/devices/new", p.showKey, fresh)
	g.POST("/devices/new/keys", p.issueKey, fresh)
	g.POST("/devices/new/keys/:id/serials", p.listSerials)
	g.POST("/devices/new/keys/:id/until", p.retireKey)
	g.POST("/devices/new/keys/:id/replace", p.replaceKey, fresh)
	g.POST("/devices/new/keys/:id/revoke", p.revokeKey, fresh)
	g.POST("/devices/:id/name", p.rename)
	g.POST("/devices/:id/pause", p.suspend)
	g.POST("/devices/:id/resume", p.resume)
	g.POST("/devices/:id/move", p.move)
	g.POST("/devices/:id/offboard", p.offboard)
	g.POST("/devices/:id/read-key", p.revealReadKey, fresh)
	g.POST("/pending/:id/accept", p.accept)
	g.POST("/pending/:id/refuse", p.refuse)
	g.POST("/pending/:id/lift", p.lift)
	g.POST("/people/invite", p.invite, fresh)
	g.POST("/people/invitations/:id/revoke", p.revokeInvitation)
	g.POST("/people/roles/:id/end", p.endRole, fresh)
	p.mountRecovery(g)
	p.mountPerson(g)
	p.mountShares(g)
	p.mountSignIn(g)
	p.mountAdmin(g)
}

// Streams are the pages that stay alive.
func (p *Portal) Streams() map[string]frame.Stream {
	return map[string]frame.Stream{
		"home": p.homeStream, "devices": p.devicesStream, "device": p.deviceStream, "new": p.arrivalStream,
		"pending": p.pendingStream, "people": p.peopleStream, "activity": p.activityStream,
	}
}

// mayAdd tells whether the viewer may hand a registration key of org to a device.
func (p *Portal) mayAdd(ctx context.Context, org iam.OrgID) bool {
	return p.Decider.May(ctx, policies.RevealRegistrationKey, org)
}
