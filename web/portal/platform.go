package portal

import (
	"github.com/labstack/echo/v4"

	"halfkey/web/frame"
)

// platform is the home of who looks after the installation and belongs to no
// organisation.
func (p *Portal) platform(c echo.Context, h frame.Here) error { return p.admin(c) }
