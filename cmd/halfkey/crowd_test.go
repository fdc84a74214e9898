package main

import "testing"

// populate puts a crowd of other people's devices into the house, ten to an
// organisation, straight into the tables: nobody of them calls, they are in the way.
func populate(t testing.TB, settings []string, devices int) {
	t.Helper()
	h := open(t, settings)
	defer h.close()
	for _, statement := range crowd {
		if err := h.db.Gorm.Exec(statement, devices, devices/10+1).Error; err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Each statement sees d, the number of devices, and o, that of organisations.
var crowd = func() []string {
	var all []string
	for _, s := range []string{
		`INSERT INTO orgs (id, tenant_id, parent_id, kind, slug, name, state, created_at)
			SELECT id, id, (SELECT id FROM orgs WHERE parent_id IS NULL), 'tenant', 'crowd-' || i, 'Crowd ' || i, 'active', 0 FROM org`,
		`INSERT INTO org_closure (ancestor, descendant, depth) SELECT id, id, 0 FROM org
			UNION ALL SELECT (SELECT id FROM orgs WHERE parent_id IS NULL), id, 1 FROM org`,
		`INSERT INTO connectors (id, tenant_id, org_id, provider, name, state, created_at) SELECT id, id, id, 'embedded', 'Channels', 'active', 0 FROM org`,
		`INSERT INTO registration_keys (id, tenant_id, org_id, label, form, first_mac, first_sealed, second_sealed, device_kind, boarding, reboarding, simple_door, state, created_by, created_at)
			SELECT id, id, id, '', 'standard', randomblob(32), randomblob(80), randomblob(90), 'thermometer', 'auto', 'approve', FALSE, 'active', '', 0 FROM org`,
		`INSERT INTO channels (id, tenant_id, org_id, source, op, name, fields, public, min_gap, created_at, updated_at)
			SELECT 10000000 + i, org, org, 'device', 'crowd-' || i, 'Thermometer', '[]', FALSE, 0, 0, 0 FROM dev`,
		`INSERT INTO channel_keys (digest, id, channel_id, tenant_id, kind, sealed, label, created_at)
			SELECT randomblob(32), 'k' || dev.id, 10000000 + i, org, 'write', randomblob(80), '', 0 FROM dev`,
		`INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, key_id, kid, secret_sealed, connector_id, channel_id,
				version, address, called_at, boarded_at, sealed_at, boardings, created_at)
			SELECT id, org, org, 'C' || i, 'Thermometer', 'thermometer', '', '', 'active', 'proved', org, 'c' || id, randomblob(90), org, CAST(10000000 + i AS TEXT),
				1, '127.0.0.1', 0, 0, 0, 1, 0 FROM dev`,
	} {
		all = append(all, `WITH RECURSIVE size (d, o) AS (SELECT ?, ?),
			n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, size WHERE i < d),
			dev (i, id, org) AS (SELECT i, printf('0%019d', i), printf('0%019d', i / 10 + 1) FROM n),
			org (i, id) AS (SELECT i, printf('0%019d', i) FROM n, size WHERE i <= o) `+s)
	}
	return all
}()
