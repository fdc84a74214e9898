package policies

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/migrations"
)

// town is a small world: the platform with two tenants, The Simpsons with
// Household and Power plant below, and Moe's.
type town struct {
	*Decider
	t                                      testing.TB
	db                                     *gorm.DB
	clock                                  atomic.Int64
	platform, simpsons, household, plant   iam.OrgID
	moes                                   iam.OrgID
	admin, homer, marge, bart, moe, nobody iam.UserID
}

func newTown(t testing.TB, db *migrations.DB) *town {
	t.Helper()
	w := &town{t: t, db: db.Gorm}
	w.clock.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	if _, err := audit.Attach(db.Gorm, audit.Config{Chain: make([]byte, 32), Seal: make([]byte, 32), Now: w.now}); err != nil {
		t.Fatal(err)
	}
	d, err := New(t.Context(), db.Gorm, iam.NewVersions(db.Gorm), w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.Decider = d
	w.platform = w.org("", "platform")
	w.simpsons, w.moes = w.org(w.platform, "tenant"), w.org(w.platform, "tenant")
	w.household, w.plant = w.org(w.simpsons, "household"), w.org(w.simpsons, "plant")
	for name, id := range map[string]*iam.UserID{"admin": &w.admin, "homer": &w.homer, "marge": &w.marge, "bart": &w.bart, "moe": &w.moe, "nobody": &w.nobody} {
		*id = w.person(name)
	}
	w.must(w.give(Grant{Subject: w.admin, Role: PlatformAdmin, Org: w.platform, Source: Founding}))
	w.must(w.give(Grant{Subject: w.homer, Role: Owner, Org: w.simpsons, Source: Founding}))
	w.must(w.give(Grant{Subject: w.moe, Role: Owner, Org: w.moes, Source: Founding}))
	w.must(w.give(Grant{Subject: w.marge, Role: Member, Org: w.household, Source: Invited, By: w.homer}))
	w.must(w.give(Grant{Subject: w.bart, Role: Manager, Org: w.household, Source: Invited, By: w.homer}))
	return w
}

func (w *town) now() time.Time { return iam.Time(w.clock.Load()) }

func (w *town) pass(d time.Duration) { w.clock.Add(d.Microseconds()) }

func (w *town) must(id iam.AssignmentID, err error) iam.AssignmentID {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if err := w.db.Exec(sql, args...).Error; err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) org(parent iam.OrgID, kind string) iam.OrgID {
	w.t.Helper()
	id := iam.OrgID(iam.NewID())
	tenant := id
	if kind != "tenant" && parent != "" {
		w.db.Raw("SELECT tenant_id FROM orgs WHERE id = ?", string(parent)).Scan(&tenant)
	}
	var above *string
	if parent != "" {
		above = (*string)(&parent)
	}
	err := w.db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("INSERT INTO orgs (id, tenant_id, parent_id, kind, slug, name, state, created_at) VALUES (?, ?, ?, ?, ?, ?, 'active', 0)",
			string(id), string(tenant), above, kind, string(id), kind).Error; err != nil {
			return err
		}
		return w.Place(tx, id, parent)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *town) person(name string) iam.UserID {
	w.t.Helper()
	id := iam.UserID(iam.NewID())
	w.exec("INSERT INTO users (id, email, name, password_hash, home_org_id, state, created_at) VALUES (?, ?, ?, '', ?, 'active', 0)",
		string(id), name+"@simps.net", name, string(w.simpsons))
	return id
}

func (w *town) give(g Grant) (id iam.AssignmentID, err error) {
	err = w.db.Transaction(func(tx *gorm.DB) error {
		id, err = w.Grant(context.Background(), tx, g)
		return err
	})
	return id, err
}

func (w *town) end(who iam.UserID, id iam.AssignmentID) error {
	return w.db.Transaction(func(tx *gorm.DB) error {
		_, err := w.End(w.as(who), tx, id, "")
		return err
	})
}

func (w *town) as(user iam.UserID) context.Context {
	return audit.WithActor(context.Background(), audit.Actor{Type: "user", ID: string(user)})
}
