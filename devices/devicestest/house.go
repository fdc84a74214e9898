// Package devicestest builds a house for tests of devices and of the doors to
// them: a family with two places, people who may do different things there, the
// embedded store and registration keys, all on a real database.
package devicestest

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/orgs"
	"halfkey/policies"
)

// A House is The Simpsons with Household and Power plant below, and a
// neighbour's tenant. Homer owns all of it, Marge is a member of Household, Ned
// owns the neighbour's.
type House struct {
	*devices.Service
	Clock                               *Clock
	Trail                               *audit.Trail
	Simpsons, Household, Plant, Flander iam.OrgID
	Homer, Marge, Ned                   iam.UserID
}

// UpdateURL is where devices of the house write to.
const UpdateURL = "http://halfkey.lan:8081/update"

// New builds the house. The trail's background writer is not running: see Refusals.
func New(t testing.TB, db *migrations.DB) *House {
	t.Helper()
	clock := &Clock{now: time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	v := must(vault.Open(filepath.Join(dir, "keyset.json")))(t)
	trail := must(audit.Attach(db.Gorm, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal"), SealFile: filepath.Join(dir, "seal"), Now: clock.Now}))(t)
	decider := must(policies.New(t.Context(), db.Gorm, iam.NewVersions(db.Gorm), clock.Now))(t)
	store := &channels.Store{DB: db.Gorm, Vault: v, Now: clock.Now}
	registry := &connectors.Registry{Providers: map[string]connectors.Provider{channels.Provider: store}, Now: clock.Now}
	h := &House{Clock: clock, Trail: trail}
	h.Service = &devices.Service{
		DB: db.Gorm, Vault: v, Decider: decider, Connectors: registry, Channels: store, Trail: trail,
		Orgs:   &orgs.Service{DB: db.Gorm, Vault: v, Decider: decider, Connectors: registry, Live: live.New(nil), Now: clock.Now},
		Limits: limit.New(nil, clock.Now), Now: clock.Now, Log: slog.New(slog.DiscardHandler),
		UpdateURL: func() string { return UpdateURL },
	}
	t.Cleanup(h.Wait)
	h.furnish(t)
	return h
}

// Listen gives the house a hub and subscribes to everything that happens.
func (h *House) Listen(t testing.TB) <-chan live.Event {
	h.Live = live.New(h.DB)
	return h.Live.Subscribe(t.Context(), iam.Everywhere)
}

func (h *House) furnish(t testing.TB) {
	root := iam.OrgID(iam.NewID())
	h.place(t, root, "", root, "root", "Halfkey")
	h.Simpsons, h.Flander = iam.OrgID(iam.NewID()), iam.OrgID(iam.NewID())
	h.Household, h.Plant = iam.OrgID(iam.NewID()), iam.OrgID(iam.NewID())
	h.place(t, h.Simpsons, root, h.Simpsons, "tenant", "The Simpsons")
	h.place(t, h.Flander, root, h.Flander, "tenant", "The Flanders")
	h.place(t, h.Household, h.Simpsons, h.Simpsons, "household", "Household")
	h.place(t, h.Plant, h.Simpsons, h.Simpsons, "plant", "Power plant")
	h.Homer = h.person(t, "homer", h.Simpsons, policies.Owner, policies.Founding, "")
	h.Ned = h.person(t, "ned", h.Flander, policies.Owner, policies.Founding, "")
	h.Marge = h.person(t, "marge", h.Household, policies.Member, policies.Direct, h.Homer)
	h.within(t, func(tx *gorm.DB) error {
		for _, tenant := range []iam.OrgID{h.Simpsons, h.Flander} {
			if _, err := h.Connectors.Add(t.Context(), tx, tenant, tenant, channels.Provider, "Channels"); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *House) place(t testing.TB, id, parent, tenant iam.OrgID, kind, name string) {
	h.within(t, func(tx *gorm.DB) error {
		var up any
		if parent != "" {
			up = string(parent)
		}
		err := tx.Exec("INSERT INTO orgs (id, tenant_id, parent_id, kind, slug, name, state, created_at) VALUES (?, ?, ?, ?, ?, ?, 'active', 1)",
			id, tenant, up, kind, "s"+string(id), name).Error
		if err != nil {
			return err
		}
		return h.Decider.Place(tx, id, parent)
	})
}

func (h *House) person(t testing.TB, name string, org iam.OrgID, role policies.Role, source policies.Source, by iam.UserID) (id iam.UserID) {
	h.within(t, func(tx *gorm.DB) (err error) {
		users := &iam.Users{DB: h.DB, Now: h.Now}
		if id, err = users.Create(tx, iam.NewUser{Email: iam.Email(name + "@simps.net"), Name: name, Home: org}); err != nil {
			return err
		}
		_, err = h.Decider.Grant(t.Context(), tx, policies.Grant{Subject: id, Role: role, Org: org, Source: source, By: by})
		return err
	})
	return id
}

func (h *House) within(t testing.TB, do func(tx *gorm.DB) error) {
	t.Helper()
	if err := h.DB.Transaction(do); err != nil {
		t.Fatal(err)
	}
}

// As is a context in which that person acts.
func As(t testing.TB, user iam.UserID) context.Context {
	return audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: string(user), Name: "someone"})
}

// A Clock goes only when a test says so.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass lets time go by.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
