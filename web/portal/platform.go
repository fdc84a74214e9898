package portal

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// platform is the home of who looks after the installation and belongs to no
// organisation: what there is, not what is inside.
func (p *Portal) platform(c echo.Context, h frame.Here) error {
	return p.answerPlatform(c, http.StatusOK, orgForm{})
}

func (p *Portal) answerPlatform(c echo.Context, status int, f orgForm) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.platform.title"), "home")
	if err != nil {
		return err
	}
	roots, err := p.Orgs.Places(ctx, policies.AdministerPlatform)
	if err != nil {
		return err
	}
	for _, o := range roots {
		if o.Kind == orgs.Platform {
			f.Parent = string(o.ID)
		}
	}
	if f.Parent == "" {
		return policies.ErrHidden
	}
	nodes, err := p.places(ctx, h)
	if err != nil {
		return err
	}
	for i := range nodes {
		nodes[i].Depth-- // below the platform, which is not shown
	}
	told, err := p.Notices.For(c.Request().Context())
	if err != nil {
		return err
	}
	shut, err := p.shutPlaces(ctx)
	if err != nil {
		return err
	}
	h.Page.Path = "/"
	return show.Page(c, status, platformPage(h.Page, told, nodes, shut, f))
}
