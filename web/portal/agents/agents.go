// Package agents is the pages of industrial agents: those of a place, making them,
// one of them with all that it is given and sends, and the terms on which they are
// kept. An agent is a device, so its chart and its story are those of the portal.
// It knows nothing of what agents themselves call.
package agents

import (
	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/portal"
)

// Pages serves them.
type Pages struct {
	*portal.Portal
	Agents *agents.Service
}

// Mount adds the pages; g lets only those in who are signed in.
func (p *Pages) Mount(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{
		"/agents": p.list, "/agents/new": p.askNew, "/agents/bulk": p.askMany, "/agents/:id": p.one,
		"/agents/terms": p.terms, "/admin/orgs/:id/agents": p.quota, "/admin/signing-key": p.signingKey,
		"/agents/:id/points": p.points, "/agents/:id/network": p.network, "/agents/:id/files/*": p.file,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh
	g.POST("/agents", p.create)
	g.POST("/agents/bulk", p.checkMany)
	g.POST("/agents/bulk/create", p.createMany, fresh)
	g.POST("/agents/terms", p.setTerms, fresh)
	g.POST("/agents/terms/key", p.changeKey, fresh)
	g.POST("/admin/orgs/:id/agents", p.setQuota, fresh)
	g.POST("/admin/signing-key", p.changePlatformKey, fresh)
	g.POST("/agents/:id", p.change)
	g.POST("/agents/:id/boarding", p.download, fresh)
	g.POST("/agents/:id/offboard", p.offboard, fresh)
	g.POST("/agents/:id/remove", p.remove)
	g.POST("/agents/:id/points", p.keepPoint)
	g.POST("/agents/:id/points/remove", p.dropPoint)
	g.POST("/agents/:id/network", p.keepNetwork)
}

// Streams are the pages that stay alive.
func (p *Pages) Streams() map[string]frame.Stream {
	return map[string]frame.Stream{"agents": p.listStream, "agent": p.oneStream}
}

func pathOf(id agents.ID) string { return "/agents/" + string(id) }

// named is the agent that the address names.
func (p *Pages) named(c echo.Context) (agents.Agent, error) {
	id, err := agents.ParseID(c.Param("id"))
	if err != nil {
		return agents.Agent{}, agents.ErrUnknown
	}
	return p.Agents.Get(c.Request().Context(), id)
}

// managed is the agent that the address names, for who may change it: nobody else
// is asked whether he is sure.
func (p *Pages) managed(c echo.Context) (agents.Agent, error) {
	a, err := p.named(c)
	if err == nil && !p.Decider.May(c.Request().Context(), policies.ManageAgent, a.Org) {
		err = policies.ErrRefused
	}
	return a, err
}

// here is the agent that the address names, and the frame of its page.
func (p *Pages) here(c echo.Context) (h frame.Here, a agents.Agent, err error) {
	if a, err = p.named(c); err != nil {
		return h, a, err
	}
	h, err = p.Frame.In(c, a.Org, a.Name, "agents")
	h.Page.Path = pathOf(a.ID)
	return h, a, err
}
