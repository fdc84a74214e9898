package web

import (
	"github.com/labstack/echo/v4"

	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/web/api/rest"
	"halfkey/web/auth"
)

// mountREST adds the API for programs. Where no token is shown a browser's
// session opens it too, but not from another site.
func (r Rooms) mountREST(e *echo.Echo, door *auth.Door) {
	bearers := &auth.Bearers{Machines: r.Machines, Trusted: r.Trusted}
	rest.New(rest.Parts{DB: r.DB, Decider: r.Decider, Users: r.Users, Sessions: r.Sessions, Machines: r.Machines, Orgs: r.Orgs, Devices: r.Devices, Channels: r.Channels, Desk: r.Desk,
		Rhythm: &rhythm.Watch{Devices: r.Devices, Post: r.Post, Hooks: r.Hooks}, Post: r.Post, Hooks: r.Hooks, OIDC: r.OIDC, Recovery: r.Recovery,
		Bulk:    r.bulk(),
		Doctor:  r.Doctor,
		Answers: &iam.Answers{DB: r.DB, Vault: r.Orgs.Vault, Now: r.Now},
		Lately:  door.Lately, BaseURL: door.Base, ReadURL: r.readURL(door), Now: r.Now, Log: r.Log}).Mount(e, "api", bearers.Or(func(next echo.HandlerFunc) echo.HandlerFunc { return sameSite()(door.Know(next)) }))
}
