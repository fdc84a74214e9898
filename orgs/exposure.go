package orgs

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/policies"
)

// KeyKind is what sort of key a deed touches.
type KeyKind string

const (
	OwnReadKey      KeyKind = "read-key"        // a person's own
	SharedReadKey   KeyKind = "shared-read-key" // of whoever works with the account
	RegistrationKey KeyKind = "registration-key"
	AccountKey      KeyKind = "account-key"
	WriteKey        KeyKind = "write-key" // of a device that is sold, or was looked at
)

// exposure is that somebody has seen a key, or holds it, and where it opens
// what. The record of it is the trail: each reveal is a line there.
type exposure struct {
	Kind    KeyKind
	Key     iam.KeyID
	Label   string
	Holder  iam.UserID // "" for a key that nobody is known to have seen
	Tenant  iam.OrgID
	Org     iam.OrgID
	Device  iam.DeviceID
	Name    string // of the device or channel
	Channel string
	Policy  string // the place's, for shared read keys
	Broken  bool   // seen through break-glass
	Outside bool   // kept by a service outside, where nobody changes it by a move
}

func (e exposure) spot() policies.Spot { return policies.Spot{Org: e.Org, Device: e.Device} }

// needs is what one must be allowed for the key to stay in one's hands.
func (e exposure) needs() policies.Action {
	switch e.Kind {
	case OwnReadKey:
		return policies.RevealReadKey
	case SharedReadKey:
		return policies.ReadDevice
	case RegistrationKey:
		return policies.RevealRegistrationKey
	}
	return policies.ManageConnector
}

// A device names its channel by a text, which in the embedded store is a number.
// Of few people the keys are read first, of a place its devices; CROSS JOIN is
// how SQLite is told.
const (
	keysFirst  = "channel_keys k CROSS JOIN devices d WHERE d.channel_id = CAST(k.channel_id AS TEXT)"
	liteDevice = "devices d CROSS JOIN channel_keys k WHERE k.channel_id = CAST(d.channel_id AS INTEGER)"
	pgDevice   = "devices d CROSS JOIN channel_keys k WHERE k.channel_id = CASE WHEN d.channel_id ~ '^[0-9]{1,18}$' THEN CAST(d.channel_id AS BIGINT) END"
)

const (
	ownReadKeys = `SELECT 'read-key' AS kind, k.id AS key, k.label, k.user_id AS holder, d.tenant_id AS tenant, d.org_id AS org, d.id AS device, d.name AS name,
 d.channel_id AS channel, '' AS policy
FROM %s AND k.kind = 'read' AND k.user_id IS NOT NULL AND k.revoked_at IS NULL AND d.removed_at IS NULL AND %s`
	sharedReadKeys = `SELECT DISTINCT 'shared-read-key' AS kind, k.id AS key, k.label, COALESCE(a.created_by, '') AS holder, c.tenant_id AS tenant, c.org_id AS org, '' AS device,
 c.name AS name, CAST(c.id AS TEXT) AS channel, o.rotate_read_keys AS policy
FROM channels c JOIN orgs o ON o.id = c.org_id JOIN channel_keys k ON k.channel_id = c.id AND k.kind = 'read' AND k.user_id IS NULL AND k.revoked_at IS NULL
LEFT JOIN account_keys a ON a.org_id = c.org_id WHERE c.source = 'account' AND %s`
	seenRegistrationKeys = `SELECT DISTINCT 'registration-key' AS kind, r.id AS key, r.label, t.actor_id AS holder, r.tenant_id AS tenant, r.org_id AS org, '' AS device,
 r.label AS name, '' AS channel, '' AS policy
FROM registration_keys r JOIN audit t ON t.tenant_id = r.tenant_id AND t.object_id = r.id AND t.verb = 'key.reveal' WHERE r.state = 'active' AND %s`
	madeAccountKeys = `SELECT 'account-key' AS kind, a.id AS key, '' AS label, a.created_by AS holder, a.tenant_id AS tenant, a.org_id AS org, '' AS device,
 '' AS name, '' AS channel, '' AS policy FROM account_keys a WHERE a.revoked_at IS NULL AND %s`
)

// exposures lists the keys of an area that work, with those who know them.
func (s *Service) exposures(tx *gorm.DB, a Area) (all []exposure, err error) {
	from := liteDevice
	switch {
	case len(a.People) > 0:
		from = keysFirst
	case tx.Name() == "postgres":
		from = pgDevice
	}
	for _, q := range []struct{ sql, org, device, holder string }{
		{fmt.Sprintf(ownReadKeys, from, "%s"), "d.org_id", "d.id", "k.user_id"},
		{sharedReadKeys, "c.org_id", "", "o.rotate_read_keys = 'always' OR a.created_by"},
		{seenRegistrationKeys, "r.org_id", "", "t.actor_id"},
		{madeAccountKeys, "a.org_id", "", "a.created_by"},
	} {
		where, arg := a.within(q.org, q.device)
		args := []any{arg}
		if len(a.People) > 0 && q.device != "" { // his own keys end wherever he may not have them: what he belongs to may reach far
			where, args = q.holder+" IN ?", []any{a.People}
		} else if len(a.People) > 0 {
			where, args = where+" AND ("+q.holder+" IN ?)", append(args, a.People)
		}
		var some []exposure
		if err := tx.Raw(fmt.Sprintf(q.sql, where), args...).Scan(&some).Error; err != nil {
			return nil, fmt.Errorf("list who knows which keys: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// store is the embedded store; nil where channels live elsewhere only.
func (s *Service) store() *channels.Store {
	store, _ := s.Connectors.Providers[channels.Provider].(*channels.Store)
	return store
}
