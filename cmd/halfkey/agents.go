package main

import (
	"context"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/devices/files"
	"halfkey/iam/audit"
	"halfkey/iam/token"
	"halfkey/web/api/agentmgmt"
)

// makeAgents adds the rooms of industrial agents.
func (h *house) makeAgents() {
	h.keys = &token.Keys{DB: h.db.Gorm, Vault: h.vault, Now: h.now}
	b := h.config.Agents
	h.agents = &agents.Service{
		DB: h.db.Gorm, Vault: h.vault, Decider: h.decider, Orgs: h.orgs, Devices: h.devices, Channels: h.channels, Keys: h.keys, Files: files.Store{Dir: b.Files},
		Limits: h.limits, Trail: h.trail, BaseURL: h.baseURL, Now: h.now, Log: h.log,
		Bounds: agents.Bounds{Tokens: b.Tokens, Renewals: b.Renewals, Calls: b.Calls},
	}
}

// agentsInside hangs the agents' doors on e for somebody at the console.
func (h *house) agentsInside(e *echo.Echo, who audit.Actor) {
	door := &agentmgmt.Handler{Agents: h.agents, Keys: h.keys, Admins: atConsole{who}, AcceptPlain: true, Log: h.log}
	door.Mount(e)
}

// atConsole lets in who sits at the machine, whatever he shows.
type atConsole struct{ who audit.Actor }

func (a atConsole) Enter(ctx context.Context, _, _ string) (context.Context, error) {
	return audit.WithActor(ctx, a.who), nil
}
