package main

import (
	"halfkey/devices/agents"
	"halfkey/devices/files"
	"halfkey/iam/token"
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
