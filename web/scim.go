package web

import (
	"github.com/labstack/echo/v4"

	"halfkey/orgs"
	"halfkey/web/api/scim"
	"halfkey/web/auth"
)

// mountSCIM adds the door of other houses' directories.
func (r Rooms) mountSCIM(e *echo.Echo, door *auth.Door) {
	bearers := &auth.Bearers{Machines: r.Machines, Trusted: r.Trusted}
	(&scim.Handler{Directory: orgs.Directory{Orgs: r.Orgs}, Need: bearers.Need, BaseURL: door.Base}).Mount(e)
}
