package orgs

import (
	"fmt"

	"gorm.io/gorm"
)

// What was seen through break-glass and works still, in an area. A write key that
// is newer than that is another one.
const (
	seenWriteKeys = `SELECT 'write-key' AS kind, k.id AS key, '' AS label, '' AS holder, d.tenant_id AS tenant, d.org_id AS org, d.id AS device, d.name AS name,
 d.channel_id AS channel, '' AS policy
FROM %s AND k.kind = 'write' AND k.revoked_at IS NULL AND d.removed_at IS NULL AND %s
 AND EXISTS (SELECT 1 FROM audit t WHERE t.tenant_id = d.tenant_id AND t.object_id = d.id AND t.verb = 'write-key.break-glass' AND t.at >= k.created_at)
 AND NOT EXISTS (SELECT 1 FROM channel_keys n WHERE n.channel_id = k.channel_id AND n.kind = 'write' AND n.revoked_at IS NULL AND n.created_at > k.created_at)`
	seenOutsideKeys = `SELECT 'write-key' AS kind, p.id AS key, '' AS label, '' AS holder, d.tenant_id AS tenant, d.org_id AS org, d.id AS device, d.name AS name,
 d.channel_id AS channel, '' AS policy, TRUE AS outside
FROM devices d JOIN projections p ON p.id = d.channel_id WHERE p.write_key_sealed IS NOT NULL AND d.removed_at IS NULL AND %s
 AND EXISTS (SELECT 1 FROM audit t WHERE t.tenant_id = d.tenant_id AND t.object_id = d.id AND t.verb = 'write-key.break-glass' AND t.at >= COALESCE(p.key_changed_at, 0))`
	seenReadKeys = `SELECT CASE WHEN k.user_id IS NULL THEN 'shared-read-key' ELSE 'read-key' END AS kind, k.id AS key, k.label, COALESCE(k.user_id, '') AS holder,
 d.tenant_id AS tenant, d.org_id AS org, d.id AS device, d.name AS name, d.channel_id AS channel, '' AS policy
FROM %s AND k.kind = 'read' AND k.revoked_at IS NULL AND d.removed_at IS NULL AND %s
 AND EXISTS (SELECT 1 FROM audit t WHERE t.tenant_id = d.tenant_id AND t.object_id = k.id AND t.verb = 'read-key.break-glass')`
	seenAccountReadKeys = `SELECT 'shared-read-key' AS kind, k.id AS key, k.label, '' AS holder, c.tenant_id AS tenant, c.org_id AS org, '' AS device,
 c.name AS name, CAST(c.id AS TEXT) AS channel, '' AS policy
FROM channels c JOIN channel_keys k ON k.channel_id = c.id AND k.kind = 'read' AND k.user_id IS NULL AND k.revoked_at IS NULL WHERE c.source = 'account' AND %s
 AND EXISTS (SELECT 1 FROM audit t WHERE t.tenant_id = c.tenant_id AND t.object_id = k.id AND t.verb = 'read-key.break-glass')`
	brokenRegistrationKeys = `SELECT 'registration-key' AS kind, r.id AS key, r.label, '' AS holder, r.tenant_id AS tenant, r.org_id AS org, '' AS device,
 r.label AS name, '' AS channel, '' AS policy
FROM registration_keys r WHERE r.state = 'active' AND %s AND EXISTS (SELECT 1 FROM audit t WHERE t.tenant_id = r.tenant_id AND t.object_id = r.id AND t.verb = 'key.break-glass')`
)

// broken lists the keys of an area that an administrator has seen though no role
// shows them to him. Whatever is moved gets others; but a write key that a service
// outside keeps is changed there or not at all.
func (s *Service) broken(tx *gorm.DB, a Area) (all []exposure, err error) {
	from := liteDevice
	if tx.Name() == "postgres" {
		from = pgDevice
	}
	for _, q := range []struct{ sql, org, device string }{
		{fmt.Sprintf(seenWriteKeys, from, "%s"), "d.org_id", "d.id"},
		{seenOutsideKeys, "d.org_id", "d.id"},
		{fmt.Sprintf(seenReadKeys, from, "%s"), "d.org_id", "d.id"},
		{seenAccountReadKeys, "c.org_id", ""},
		{brokenRegistrationKeys, "r.org_id", ""},
	} {
		where, arg := a.within(q.org, q.device)
		var some []exposure
		if err := tx.Raw(fmt.Sprintf(q.sql, where), arg).Scan(&some).Error; err != nil {
			return nil, fmt.Errorf("list what was seen through break-glass: %w", err)
		}
		all = append(all, some...)
	}
	for i := range all {
		all[i].Broken = true
	}
	return all, nil
}

// fateBroken is what becomes of such a key: who holds it gets another, if it is
// ours to change.
func (e exposure) fateBroken() (what KeyFate, why string) {
	switch {
	case e.Outside:
		return Exposed, ""
	case e.Kind == OwnReadKey:
		return Ends, "seen through break-glass"
	}
	return Rotates, "seen through break-glass"
}
