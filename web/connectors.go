package web

import (
	"github.com/labstack/echo/v4"

	"halfkey/web/frame"
	"halfkey/web/portal/connectors"
)

// mountConnectors adds the pages of connectors. Wherever an account is tried, the
// answer is told as they tell it.
func (r Rooms) mountConnectors(g *echo.Group, around *frame.Frame) {
	around.Door.Tested = connectors.Tested
	if r.Desk != nil {
		(&connectors.Pages{Frame: around, Desk: r.Desk, Devices: r.Devices, Decider: r.Decider, Now: r.Now}).Mount(g)
	}
}
