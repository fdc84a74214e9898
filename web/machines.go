package web

import (
	"github.com/labstack/echo/v4"

	"halfkey/web/auth"
	"halfkey/web/frame"
	"halfkey/web/portal"
)

// mountMachines adds the pages of service accounts, and one's own tokens to /me.
func (r Rooms) mountMachines(g *echo.Group, around *frame.Frame, me *auth.Me) {
	(&portal.Services{Frame: around, Machines: r.Machines, BaseURL: me.Base, Now: r.Now}).Mount(g, me.Fresh)
	(&auth.Tokens{Me: me, Machines: r.Machines}).Mount(g)
}
