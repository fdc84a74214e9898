package orgs_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/orgs"
	"halfkey/policies"
)

const password = vault.Secret("donuts are round and good")

// house is a Halfkey that is set up and open, with Homer's organisation.
type house struct {
	*orgs.Service
	t                 testing.TB
	db                *gorm.DB
	clock             atomic.Int64
	adminID, homerID  iam.UserID
	root, simpsons    iam.OrgID
	key               iam.KeyID
	household, plant  iam.OrgID
	admin, homer, out context.Context // who acts
}

// newBare is a Halfkey that nobody has set up.
func newBare(t testing.TB, db *migrations.DB) *house {
	t.Helper()
	h := &house{t: t, db: db.Gorm, out: context.Background()}
	h.clock.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Attach(db.Gorm, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal"), Now: h.now}); err != nil {
		t.Fatal(err)
	}
	h.Service = h.replica(v)
	return h
}

func (h *house) replica(v *vault.Vault) *orgs.Service {
	h.t.Helper()
	versions := iam.NewVersions(h.db)
	decider, err := policies.New(h.t.Context(), h.db, versions, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	users, passwords := &iam.Users{DB: h.db, Now: h.now}, iam.NewPasswords()
	hub := live.New(nil)
	store := &channels.Store{DB: h.db, Vault: v, Live: hub, Now: h.now}
	return &orgs.Service{
		DB: h.db, Vault: v, Decider: decider, Users: users, Passwords: passwords, Live: hub, Now: h.now,
		Settings:   iam.NewSettings(h.db, versions, h.now),
		Sessions:   iam.NewSessions(iam.SessionParts{DB: h.db, Vault: v, Users: users, Passwords: passwords, Limits: limit.New(nil, h.now), Versions: versions, Now: h.now}),
		Connectors: &connectors.Registry{Providers: map[string]connectors.Provider{store.Name(): store}, Now: h.now},
	}
}

func newHouse(t testing.TB, db *migrations.DB) *house {
	t.Helper()
	h := newBare(t, db)
	token, err := h.SetupLink(h.out)
	h.ok(err)
	h.adminID, err = h.Setup(h.out, orgs.SetupRequest{Token: token, Name: "Admin", Email: "admin@simps.net", Password: password, SignUp: iam.SignUpOpen})
	h.ok(err)
	f, err := h.Found(h.out, orgs.FoundRequest{Organisation: "The Simpsons", Name: "Homer", Email: "homer@simps.net", Password: password})
	h.ok(err)
	h.homerID, h.simpsons, h.key = f.User, f.Tenant, f.Key
	h.admin, h.homer = h.as(h.adminID), h.as(h.homerID)
	household, err := h.NewOrg(h.homer, h.simpsons, "Household", "household")
	h.ok(err)
	plant, err := h.NewOrg(h.homer, h.simpsons, "Power plant", "plant")
	h.ok(err)
	h.household, h.plant = household.ID, plant.ID
	h.ok(h.db.Raw("SELECT id FROM orgs WHERE parent_id IS NULL").Scan(&h.root).Error)
	return h
}

func (h *house) now() time.Time { return iam.Time(h.clock.Load()) }

func (h *house) pass(d time.Duration) { h.clock.Add(d.Microseconds()) }

func (h *house) as(user iam.UserID) context.Context {
	return audit.WithActor(context.Background(), audit.Actor{Type: "user", ID: string(user)})
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// join invites somebody and lets him accept.
func (h *house) join(name string, org iam.OrgID, role policies.Role) context.Context {
	h.t.Helper()
	token, _, err := h.Invite(h.homer, org, name+"@simps.net", string(role))
	h.ok(err)
	user, err := h.Accept(h.out, token.Reveal(), name, iam.Choice{Password: password})
	h.ok(err)
	return h.as(user)
}

// verbs lists what the trail says of a tenant, oldest first.
func (h *house) verbs(tenant iam.OrgID) []string {
	h.t.Helper()
	entries, err := audit.List(h.out, h.db, audit.Filter{Tenant: string(tenant), Limit: 100})
	h.ok(err)
	var verbs []string
	for _, e := range entries {
		verbs = append([]string{e.Verb}, verbs...)
	}
	return verbs
}

// leaks reports whether a text stands anywhere in the database's rows.
func (h *house) leaks(secret string) bool {
	h.t.Helper()
	for _, table := range []string{"settings", "audit", "orgs", "users", "sessions", "invitations", "registration_keys", "assignments"} {
		var rows []map[string]any
		h.ok(h.db.Table(table).Find(&rows).Error)
		for _, r := range rows {
			for _, v := range r {
				b, isBytes := v.([]byte)
				if !isBytes {
					b, _ = json.Marshal(v)
				}
				if strings.Contains(string(b), secret) {
					return true
				}
			}
		}
	}
	return false
}
