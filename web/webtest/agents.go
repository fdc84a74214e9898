package webtest

import (
	"context"
	"testing"

	"halfkey/devices/agents"
	"halfkey/devices/files"
	"halfkey/iam/limit"
	"halfkey/iam/token"
)

// bringAgents adds the rooms of industrial agents.
func (h *House) bringAgents(t testing.TB, limits *limit.Limiter) {
	h.Keys = &token.Keys{DB: h.DB, Vault: h.Orgs.Vault, Now: h.Now}
	h.Agents = &agents.Service{DB: h.DB, Vault: h.Orgs.Vault, Decider: h.Decider, Orgs: h.Orgs, Devices: h.Devices, Channels: h.Channels, Keys: h.Keys,
		Files: files.Store{Dir: t.TempDir()}, Limits: limits, Trail: h.Devices.Trail, BaseURL: func(context.Context) string { return h.URL }, Now: h.Now, Log: h.Log}
}
