package web

import (
	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/web/api/rest"
	"halfkey/web/auth"
)

// mountREST adds the API for programs. A browser's session opens it too, but not
// from another site.
func (r Rooms) mountREST(e *echo.Echo, door *auth.Door) {
	rest.New(rest.Parts{DB: r.DB, Decider: r.Decider, Users: r.Users, Orgs: r.Orgs, Devices: r.Devices, Channels: r.Channels,
		Answers: &iam.Answers{DB: r.DB, Vault: r.Orgs.Vault, Now: r.Now},
		BaseURL: door.Base, ReadURL: r.readURL(door), Now: r.Now, Log: r.Log}).Mount(e, "api", sameSite(), door.Know)
}
