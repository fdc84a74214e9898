package channels_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/connectors/connectortest"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// The organisations of every test: Household and Power plant below The Simpsons.
const (
	simpsons  = iam.OrgID("00000000000000000001")
	household = iam.OrgID("00000000000000000002")
	plant     = iam.OrgID("00000000000000000003")
)

type house struct {
	*channels.Store
	db  *gorm.DB
	now time.Time
}

func newHouse(t testing.TB, db *migrations.DB) *house {
	t.Helper()
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Attach(db.Gorm, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")}); err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		id, parent, kind, slug string
	}{{string(simpsons), "", "tenant", "simpsons"}, {string(household), string(simpsons), "unit", "household"}, {string(plant), string(simpsons), "unit", "plant"}} {
		var parent *string
		if o.parent != "" {
			parent = &o.parent
		}
		must(t, db.Gorm.Exec(`INSERT INTO orgs (id, tenant_id, parent_id, kind, slug, name, state, created_at) VALUES (?, ?, ?, ?, ?, ?, 'active', 0)`,
			o.id, string(simpsons), parent, o.kind, o.slug, o.slug).Error)
		must(t, db.Gorm.Exec(`INSERT INTO org_closure (ancestor, descendant, depth) VALUES (?, ?, 0)`, o.id, o.id).Error)
		if parent != nil {
			must(t, db.Gorm.Exec(`INSERT INTO org_closure (ancestor, descendant, depth) VALUES (?, ?, 1)`, o.parent, o.id).Error)
		}
	}
	h := &house{db: db.Gorm, now: time.Date(2026, 11, 21, 20, 49, 43, 0, time.UTC)}
	h.Store = &channels.Store{DB: db.Gorm, Vault: v, Now: func() time.Time { return h.now }}
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) channel(t testing.TB, op string) (id channels.ID, writeKey string) {
	t.Helper()
	var c connectors.Channel
	must(t, h.db.Transaction(func(tx *gorm.DB) (err error) {
		c, err = h.Create(context.Background(), tx, connectors.Wanted{Op: op, Tenant: simpsons, Org: household, Name: "Garage",
			Fields: []connectors.Field{{Name: "Temperature", Unit: "°C"}}})
		return err
	}))
	id, err := channels.ParseID(c.ID)
	must(t, err)
	return id, c.WriteKey.Reveal()
}

func entry(value string) (e channels.Entry) {
	e.Fields[0] = &value
	return e
}

func (h *house) write(t testing.TB, key, value string) int64 {
	t.Helper()
	r, err := h.Write(context.Background(), key, entry(value))
	must(t, err)
	return r.Entry
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestTheEmbeddedStoreIsAProvider(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *migrations.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) connectortest.House {
				h := newHouse(t, open(t))
				return connectortest.House{DB: h.db, Provider: h.Store, Tenant: simpsons, Org: household, Other: plant,
					Write: func(key, value string) error {
						_, err := h.Write(context.Background(), key, entry(value))
						return err
					},
					Seen: func(t *testing.T, id string) (values []string) {
						n, err := h.Number(t.Context(), id)
						must(t, err)
						rows, err := h.Feed(t.Context(), n, channels.Query{})
						must(t, err)
						for _, r := range rows {
							values = append(values, *r.Fields[0])
						}
						return values
					}}
			})
		})
	}
}
