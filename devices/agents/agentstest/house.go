// Package agentstest builds a house for tests of agents and of the doors to
// them: that of devicestest, with service accounts and signing keys.
package agentstest

import (
	"context"
	"testing"
	"time"

	"halfkey/devices/agents"
	"halfkey/devices/devicestest"
	"halfkey/devices/files"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/token"
	"halfkey/migrations"
	"halfkey/orgs"
	"halfkey/policies"
)

// BaseURL is where agents of the house find it.
const BaseURL = "http://halfkey.lan:8080"

// A House is that of devicestest with agents.
type House struct {
	*devicestest.House
	Agents   *agents.Service
	Machines orgs.Machines
	Base     string // where agents find it; BaseURL unless said otherwise
	folder   string
}

// New builds the house. The trail's background writer is not running.
func New(t testing.TB, db *migrations.DB) *House {
	t.Helper()
	h := &House{House: devicestest.New(t, db), Base: BaseURL, folder: t.TempDir()}
	versions := iam.NewVersions(db.Gorm)
	h.Machines = orgs.Machines{Orgs: h.Orgs, Services: &iam.Services{DB: db.Gorm, Now: h.Now},
		Tokens: iam.NewAPITokens(iam.APITokenParts{DB: db.Gorm, Vault: h.Vault, Limits: h.Limits, Versions: versions, Trail: h.Trail, Now: h.Now})}
	h.Agents = h.on(db)
	return h
}

// Replica is the agents' rooms once more, on the same database opened anew.
func (h *House) Replica(t testing.TB, db *migrations.DB) *agents.Service {
	t.Helper()
	if _, err := audit.Attach(db.Gorm, audit.Config{Chain: h.Vault.Pepper("audit-chain"), Seal: h.Vault.Pepper("audit-seal"), Now: h.Now}); err != nil {
		t.Fatal(err)
	}
	return h.on(db)
}

func (h *House) on(db *migrations.DB) *agents.Service {
	return &agents.Service{DB: db.Gorm, Vault: h.Vault, Decider: h.Decider, Orgs: h.Orgs, Devices: h.Service, Channels: h.Channels,
		Files: files.Store{Dir: h.folder},
		Keys:  &token.Keys{DB: db.Gorm, Vault: h.Vault, Now: h.Now}, Limits: limit.New(nil, h.Now), Trail: h.Trail,
		BaseURL: func(context.Context) string { return h.Base }, Now: h.Now, Log: h.Log}
}

// Program is a service account with a role in org: its id, and a token for secret.
func (h *House) Program(t testing.TB, org iam.OrgID, role policies.Role) (id, secret string) {
	t.Helper()
	owner := h.Homer
	if org == h.Flander {
		owner = h.Ned
	}
	as := devicestest.As(t, owner)
	a, err := h.Machines.NewService(as, org, "brewery script", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Machines.GiveServiceRole(as, a.ID, string(role), org); err != nil {
		t.Fatal(err)
	}
	text, _, err := h.Machines.NewServiceToken(as, a.ID, "script", time.Time{}, h.Now().Add(90*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return string(a.ID), text.Reveal()
}
