package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"halfkey/web/api/agentmgmt"
	"halfkey/web/api/oauth"
	"halfkey/web/frame"
	"halfkey/web/portal"
	"halfkey/web/portal/agents"
)

// mountAgents opens the doors of industrial agents and OAuth's own addresses.
func (r Rooms) mountAgents(e *echo.Echo) {
	if r.Agents == nil {
		return
	}
	clients := &oauth.Handler{Clients: r.Machines, Keys: r.Keys, Agents: r.Agents, BaseURL: func(ctx context.Context) string { return r.Agents.BaseURL(ctx) },
		Trusted: r.Trusted, Plain: r.PlainAgents, Now: r.Now, Log: r.Log}
	clients.Mount(e)
	(&agentmgmt.Handler{Agents: r.Agents, Keys: r.Keys, Admins: clients, Trusted: r.Trusted, AcceptPlain: r.PlainAgents, Log: r.Log}).Mount(e)
}

// mountAgentPages adds the pages of agents, and gives those that stay alive.
func (r Rooms) mountAgentPages(g *echo.Group, p *portal.Portal) map[string]frame.Stream {
	if r.Agents == nil {
		return nil
	}
	pages := &agents.Pages{Portal: p, Agents: r.Agents}
	pages.Mount(g)
	return pages.Streams()
}
