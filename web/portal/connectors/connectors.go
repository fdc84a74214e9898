// Package connectors is the pages of what places are connected to: where their
// devices' channels are, how that fares, and what is other there than it should be.
// It speaks to no service itself, and knows none but by what its form asks.
package connectors

import (
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/frame"
)

// Pages serves them.
type Pages struct {
	Frame   *frame.Frame
	Desk    *connectors.Desk
	Devices *devices.Service
	Decider *policies.Decider
	Now     func() time.Time
}

// Mount adds the pages; g lets only those in who are signed in.
func (p *Pages) Mount(g *echo.Group) {
	fresh := p.Frame.Door.Fresh
	for path, page := range map[string]echo.HandlerFunc{
		"/connectors": p.list, "/connectors/:id": p.one, "/connectors/:id/remove": p.askRemove, "/connectors/:id/drift": p.drift,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	// Whoever will type a secret proves himself before, so that it travels once.
	for path, page := range map[string]echo.HandlerFunc{"/connectors/new": p.askNew, "/connectors/:id/settings": p.askChange} {
		g.GET(path, page, fresh)
		g.HEAD(path, page, fresh)
	}
	typing := p.Frame.Door.FreshAt
	g.POST("/connectors", p.open, typing(func(c echo.Context) string {
		q := url.Values{"again": {"yes"}, "org": {c.QueryParam("org")}, "service": {c.FormValue("service")}}
		return "/connectors/new?" + q.Encode()
	}))
	g.POST("/connectors/:id", p.change, typing(func(c echo.Context) string {
		return "/connectors/" + url.PathEscape(c.Param("id")) + "/settings?again=yes"
	}))
	g.GET("/devices/:id/new-key", p.askNewKey)
	g.HEAD("/devices/:id/new-key", p.askNewKey)
	g.POST("/devices/:id/new-key", p.newKey, fresh)
	g.POST("/connectors/:id/check", p.check)
	g.POST("/connectors/:id/again", p.again)
	g.POST("/connectors/:id/pause", p.pause, fresh)
	g.POST("/connectors/:id/resume", p.goOn, fresh)
	g.POST("/connectors/:id/remove", p.remove, fresh)
	g.POST("/connectors/:id/drift", p.apply, fresh)
}

func listPath(org iam.OrgID) string { return "/connectors?org=" + string(org) }

func pathOf(id connectors.ID) string { return "/connectors/" + string(id) }

// here is the connector that the address names and the frame of its pages.
func (p *Pages) here(c echo.Context) (s connectors.Status, h frame.Here, err error) {
	ctx := c.Request().Context()
	id, err := idOf(c)
	if err != nil {
		return s, h, err
	}
	if s, err = p.Desk.Status(ctx, id); err != nil {
		return s, h, err
	}
	h, err = p.Frame.In(c, s.Org, s.Name, "connectors")
	h.Page.Path = pathOf(id)
	return s, h, err
}

func idOf(c echo.Context) (connectors.ID, error) {
	id, err := iam.ParseOrgID(c.Param("id")) // all ids are of one form
	if err != nil {
		return "", connectors.ErrUnknown
	}
	return connectors.ID(id), nil
}
