package iam_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

const (
	homersPassword = vault.Secret("donuts are round and good")
	homersNetwork  = "192.0.2.7"
)

// visit is a browser in that network, at a house with a name.
func visit(network string) iam.Visit {
	return iam.Visit{Source: network, Agent: "Firefox", Browser: "a cookie", Site: iam.SiteOf("https://halfkey.example.net")}
}

func secret(s string) vault.Secret { return vault.Secret(s) }

// house is one replica with one person, Homer.
type house struct {
	*iam.Sessions
	t        testing.TB
	db       *gorm.DB
	clock    *atomic.Int64
	homer    iam.User
	versions *iam.Versions
	settings *iam.Settings
}

func newHouse(t testing.TB, db *migrations.DB) *house {
	t.Helper()
	clock := &atomic.Int64{}
	clock.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	h := replica(t, db, filepath.Join(t.TempDir(), "keyset"), clock)
	tenant := iam.NewID()
	if err := db.Gorm.Exec("INSERT INTO orgs (id, tenant_id, kind, slug, name, state, created_at) VALUES (?, ?, 'tenant', 's', 'S', 'active', 0)", tenant, tenant).Error; err != nil {
		t.Fatal(err)
	}
	hash, err := h.Passwords.Hash(t.Context(), homersPassword)
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.Users.Create(db.Gorm, iam.NewUser{Email: "homer@simps.net", Name: "Homer", PasswordHash: hash, Home: iam.OrgID(tenant)})
	if err != nil {
		t.Fatal(err)
	}
	if h.homer, err = h.Users.Get(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return h
}

// replica is one process on the database; several share keyset and clock.
func replica(t testing.TB, db *migrations.DB, keyset string, clock *atomic.Int64) *house {
	t.Helper()
	v, err := vault.Open(keyset)
	if err != nil {
		t.Fatal(err)
	}
	if db.Gorm.Plugins["halfkey:audit"] == nil {
		if _, err := audit.Attach(db.Gorm, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")}); err != nil {
			t.Fatal(err)
		}
	}
	now := func() time.Time { return iam.Time(clock.Load()) }
	h := &house{t: t, db: db.Gorm, clock: clock, versions: iam.NewVersions(db.Gorm)}
	h.settings = iam.NewSettings(db.Gorm, h.versions, now)
	h.Sessions = iam.NewSessions(iam.SessionParts{
		DB: db.Gorm, Vault: v, Users: &iam.Users{DB: db.Gorm, Now: now}, Passwords: iam.NewPasswords(),
		Limits: limit.New(db.Gorm, now), Versions: h.versions, Now: now,
	})
	return h
}

func (h *house) pass(d time.Duration) { h.clock.Add(d.Microseconds()) }

func (h *house) signIn() vault.Secret {
	h.t.Helper()
	token, _, err := h.SignIn(h.t.Context(), "Homer@simps.net", homersPassword, visit(homersNetwork))
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}
