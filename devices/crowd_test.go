package devices_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/devices/devicestest"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// A crowd of other people's devices: a hundred to a place, a hundred places to a
// tenant, ten people to a place, straight into the tables.
type crowd struct {
	devices, places int
}

// crowdID is the id of the n-th thing of its sort, below all that are drawn.
func crowdID(n int) string { return fmt.Sprintf("0%019d", n) }

func (c crowd) fill(t testing.TB, db *migrations.DB) {
	t.Helper()
	id := "printf('0%019d', %s)"
	if db.Dialect() == migrations.Postgres {
		id = "lpad((%s)::text, 20, '0')"
	}
	of := func(n string) string { return strings.Replace(id, "%s", n, 1) }
	tenant := of("(i - 1) / 100 * 100 + 1")
	root := "(SELECT id FROM orgs WHERE parent_id IS NULL)"
	for _, s := range []struct {
		n   int
		sql string
	}{
		{c.places, `INSERT INTO orgs (id, tenant_id, parent_id, kind, slug, name, state, created_at)
 SELECT ` + of("i") + `, ` + tenant + `, CASE WHEN i % 100 = 1 THEN ` + root + ` ELSE ` + tenant + ` END, CASE WHEN i % 100 = 1 THEN 'tenant' ELSE 'plant' END, 'crowd-' || i, 'Crowd', 'active', 0 FROM n ORDER BY i`},
		{c.places, `INSERT INTO org_closure (ancestor, descendant, depth)
 SELECT ` + of("i") + `, ` + of("i") + `, 0 FROM n UNION ALL SELECT ` + root + `, ` + of("i") + `, CASE WHEN i % 100 = 1 THEN 1 ELSE 2 END FROM n
 UNION ALL SELECT ` + tenant + `, ` + of("i") + `, 1 FROM n WHERE i % 100 <> 1`},
		{c.places, `INSERT INTO connectors (id, tenant_id, org_id, provider, name, state, created_at) SELECT ` + of("i") + `, ` + of("i") + `, ` + of("i") + `, 'embedded', 'Channels', 'active', 0 FROM n WHERE i % 100 = 1`},
		{c.devices, `INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, kid, secret_sealed, connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
 SELECT ` + of("i") + `, ` + of("(i - 1) / 10000 * 100 + 1") + `, ` + of("(i - 1) / 100 + 1") + `, 'C' || i, 'Thermometer', 'thermometer', '', '', 'active', 'proved', 'c' || i, ` + empty(db) + `, ` + of("(i - 1) / 10000 * 100 + 1") + `, 'none', 1, '', 0, 0, 0, 1, 0 FROM n`},
		{c.places * 10, `INSERT INTO users (id, email, name, password_hash, home_org_id, state, created_at)
 SELECT ` + of("i") + `, 'crowd' || i || '@example.net', 'Somebody', '', ` + of("(i - 1) / 10 + 1") + `, 'active', 0 FROM n`},
		{c.places * 10, `INSERT INTO assignments (id, tenant_id, subject_type, subject_id, role, org_id, reach, status, source, granted_by, reason, created_at)
 SELECT ` + of("i") + `, ` + of("(i - 1) / 1000 * 100 + 1") + `, 'user', ` + of("i") + `, CASE WHEN i % 1000 = 1 THEN 'owner' ELSE 'member' END, ` + of("(i - 1) / 10 + 1") + `, 'subtree', 'active', 'direct', '', '', 0 FROM n`},
	} {
		if err := db.Gorm.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) `+s.sql, s.n).Error; err != nil {
			t.Fatalf("%s: %v", s.sql, err)
		}
	}
	analyze := "ANALYZE"
	if db.Dialect() == migrations.Postgres {
		analyze = "VACUUM ANALYZE"
	}
	if err := db.Gorm.Exec(analyze).Error; err != nil {
		t.Fatal(err)
	}
}

func empty(db *migrations.DB) string {
	if db.Dialect() == migrations.Postgres {
		return "''::bytea"
	}
	return "x''"
}

// scattered makes somebody manager of n places that have nothing to do with one another.
func (c crowd) scattered(t testing.TB, db *gorm.DB, n int) iam.UserID {
	t.Helper()
	who := iam.NewID()
	if err := db.Exec("INSERT INTO users (id, email, name, password_hash, home_org_id, state, created_at) VALUES (?, 'scattered@example.net', 'Somebody', '', ?, 'active', 0)", who, crowdID(1)).Error; err != nil {
		t.Fatal(err)
	}
	for i := range n {
		place := crowdID(i*(c.places/n) + 2)
		err := db.Exec(`INSERT INTO assignments (id, tenant_id, subject_type, subject_id, role, org_id, reach, status, source, granted_by, reason, created_at)
 VALUES (?, (SELECT tenant_id FROM orgs WHERE id = ?), 'user', ?, 'manager', ?, 'subtree', 'active', 'direct', '', '', 0)`, iam.NewID(), place, who, place).Error
		if err != nil {
			t.Fatal(err)
		}
	}
	return iam.UserID(who)
}

// BenchmarkLists tells what a page of fifty costs a member, a tenant's owner, a
// platform administrator and a manager of scattered places, among a thousand
// devices and among HALFKEY_TEST_DEVICES (a million, for the figures that are told).
func BenchmarkLists(b *testing.B) {
	most := 20_000
	if n, err := strconv.Atoi(os.Getenv("HALFKEY_TEST_DEVICES")); err == nil {
		most = n
	}
	for name, open := range map[string]func(testing.TB) *migrations.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		for _, c := range []crowd{{1000, 10}, {most, most / 100}} {
			b.Run(fmt.Sprintf("%s/%d", name, c.devices), func(b *testing.B) {
				db := open(b)
				h := devicestest.New(b, db)
				c.fill(b, db)
				admin := iam.UserID(iam.NewID())
				place(b, db, admin)
				for who, user := range map[string]iam.UserID{
					"member": iam.UserID(crowdID(55)), "owner": iam.UserID(crowdID(1)), "platform": admin, "scattered": c.scattered(b, db.Gorm, min(1000, c.places/2)),
				} {
					b.Run(who, func(b *testing.B) { list(b, h, devicestest.As(b, user)) })
				}
			})
		}
	}
}

func place(b *testing.B, db *migrations.DB, admin iam.UserID) {
	for _, s := range []string{
		`INSERT INTO users (id, email, name, password_hash, home_org_id, state, created_at) SELECT ?, 'admin@example.net', 'Admin', '', id, 'active', 0 FROM orgs WHERE parent_id IS NULL`,
		`INSERT INTO assignments (id, tenant_id, subject_type, subject_id, role, org_id, reach, status, source, granted_by, reason, created_at)
 SELECT 'admin', id, 'user', ?, 'platform-admin', id, 'subtree', 'active', 'console', '', '', 0 FROM orgs WHERE parent_id IS NULL`,
	} {
		if err := db.Gorm.Exec(s, string(admin)).Error; err != nil {
			b.Fatal(err)
		}
	}
}

func list(b *testing.B, h *devicestest.House, ctx context.Context) {
	b.ReportAllocs()
	for b.Loop() {
		page, err := h.List(ctx, devices.Filter{Limit: 50})
		if err != nil || len(page) != 50 {
			b.Fatal(len(page), err)
		}
	}
}
