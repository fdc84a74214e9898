package devices

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// KeyKind is a sort of key in the inventory.
type KeyKind string

// What is counted and aged: never a key itself.
const (
	RegistrationKeys KeyKind = "registration"
	ReadKeys         KeyKind = "read"
	WriteKeys        KeyKind = "write"
	AccountKeys      KeyKind = "account"
	Tokens           KeyKind = "token"
	AgentKeys        KeyKind = "agent"
	Passkeys         KeyKind = "passkey"
)

// KeyKinds lists them in the order in which they are shown.
var KeyKinds = []KeyKind{RegistrationKeys, ReadKeys, WriteKeys, AccountKeys, Tokens, AgentKeys, Passkeys}

// ErrKeyKind says that no keys are of that sort.
var ErrKeyKind = fault.New(fault.Unprocessable, "key-kind-unknown", "There are no keys of that sort.")

// ParseKeyKind takes what an address says; empty is the first.
func ParseKeyKind(s string) (KeyKind, error) {
	for _, k := range KeyKinds {
		if string(k) == s {
			return k, nil
		}
	}
	if s == "" {
		return RegistrationKeys, nil
	}
	return "", ErrKeyKind
}

// defaultTerm is how old a key may grow where nobody has said otherwise, in days.
const defaultTerm = 365

// Inventory says which keys to list.
type Inventory struct {
	Org   iam.OrgID // this place and those below it
	Kind  KeyKind
	Never bool   // never used alone
	Over  bool   // older than their place allows alone
	After string // the last one of the page before
	Limit int    // 100 unless said otherwise, at most 1000
}

// A KeyEntry is what an auditor may know of a key.
type KeyEntry struct {
	ID          string // to page on from
	Fingerprint string // of its keyed hash; empty where there is none
	Name        string // its label, its device's name, or its holder's
	Holder      string // the person or service account that holds it
	Version     int64  // how often it was made anew, or how many there are; 0 where that is not counted
	OrgID       iam.OrgID
	OrgName     string
	Created     time.Time
	Used        time.Time // zero: never, or nobody knows
	Counted     int64     // how often it was used, where that is counted
	Untold      bool      // nobody notes when such a key is used
	Expires     time.Time // zero for never
	Term        int       // how old it may grow there, in days
}

// Over tells whether the key is older than its place allows.
func (k KeyEntry) Over(now time.Time) bool {
	return now.Sub(k.Created) > time.Duration(k.Term)*24*time.Hour
}

// Never tells whether the key was never used.
func (k KeyEntry) Never() bool { return !k.Untold && k.Used.IsZero() && k.Counted == 0 }

// inventories read each kind: id, mac, name, holder, version, org, made, used,
// counted, expires. What follows is the condition on the place.
var inventories = map[KeyKind]struct{ from, org, tenant, id, made, never string }{
	RegistrationKeys: {`SELECT k.id AS id, k.first_mac AS mac, k.label AS name, '' AS holder, 0 AS version, k.org_id AS org, k.created_at AS made, NULL AS used, k.uses AS counted, k.expires_at AS expires
FROM registration_keys k WHERE k.state <> 'revoked'`, "k.org_id", "k.tenant_id", "k.id", "k.created_at", "k.uses = 0"},
	ReadKeys: {`SELECT k.id AS id, k.digest AS mac, COALESCE(d.name, k.label) AS name, COALESCE(u.name, '') AS holder, 0 AS version, c.org_id AS org, k.created_at AS made, k.used_at AS used, 0 AS counted, NULL AS expires
FROM channel_keys k JOIN channels c ON c.id = k.channel_id LEFT JOIN devices d ON d.channel_id = CAST(k.channel_id AS TEXT) LEFT JOIN users u ON u.id = k.user_id WHERE k.kind = 'read' AND k.revoked_at IS NULL`,
		"c.org_id", "c.tenant_id", "k.id", "k.created_at", "k.used_at IS NULL"},
	WriteKeys: {`SELECT k.id AS id, k.digest AS mac, COALESCE(d.name, c.name) AS name, COALESCE(d.serial, '') AS holder, COALESCE(d.version, 0) AS version, c.org_id AS org, k.created_at AS made, k.used_at AS used, 0 AS counted, NULL AS expires
FROM channel_keys k JOIN channels c ON c.id = k.channel_id LEFT JOIN devices d ON d.channel_id = CAST(k.channel_id AS TEXT) WHERE k.kind = 'write' AND k.revoked_at IS NULL`,
		"c.org_id", "c.tenant_id", "k.id", "k.created_at", "k.used_at IS NULL"},
	AccountKeys: {`SELECT k.id AS id, k.digest AS mac, '' AS name, COALESCE(u.name, '') AS holder, 0 AS version, k.org_id AS org, k.created_at AS made, NULL AS used, 0 AS counted, NULL AS expires
FROM account_keys k LEFT JOIN users u ON u.id = k.created_by WHERE k.revoked_at IS NULL`, "k.org_id", "k.tenant_id", "k.id", "k.created_at", "1 = 0"},
	Tokens: {`SELECT k.id AS id, k.token_hash AS mac, k.label AS name, COALESCE(u.name, s.name, '') AS holder, 0 AS version, o.id AS org, k.created_at AS made, k.used_at AS used, 0 AS counted, k.not_after AS expires
FROM api_tokens k LEFT JOIN users u ON u.id = k.subject_id LEFT JOIN service_accounts s ON s.id = k.subject_id JOIN orgs o ON o.id = COALESCE(s.org_id, u.home_org_id) WHERE k.revoked_at IS NULL`,
		"o.id", "o.tenant_id", "k.id", "k.created_at", "k.used_at IS NULL"},
	AgentKeys: {`SELECT k.id AS id, k.rat_mac AS mac, d.name AS name, d.serial AS holder, k.generation AS version, d.org_id AS org, k.onboarded_at AS made, k.proved_at AS used, 0 AS counted, k.expires_at AS expires
FROM agents k JOIN devices d ON d.id = k.device_id WHERE k.onboarded_at IS NOT NULL AND d.removed_at IS NULL`, "d.org_id", "d.tenant_id", "k.id", "k.onboarded_at", "k.proved_at IS NULL"},
	Passkeys: {`SELECT k.id AS id, NULL AS mac, k.name AS name, u.name AS holder, 0 AS version, o.id AS org, k.created_at AS made, k.used_at AS used, 0 AS counted, NULL AS expires
FROM passkeys k JOIN users u ON u.id = k.user_id JOIN orgs o ON o.id = u.home_org_id WHERE 1 = 1`, "o.id", "o.tenant_id", "k.id", "k.created_at", "k.used_at IS NULL"},
}

const termOf = `COALESCE((SELECT t.max_days FROM key_terms t JOIN org_closure tc ON tc.ancestor = t.org_id WHERE tc.descendant = %s ORDER BY tc.depth LIMIT 1), %d)`

// KeyInventory lists keys by when they were made, oldest first: how old, when
// used last, and whether they are older than their place allows. It asks for
// ReadAudit and shows no key.
func (s *Service) KeyInventory(ctx context.Context, f Inventory) ([]KeyEntry, error) {
	q, err := s.inventory(ctx, f)
	if err != nil || q == nil {
		return nil, err
	}
	var rows []struct {
		ID, Name, Holder string
		Mac              []byte
		Version          int64
		Org              iam.OrgID
		OrgName          string
		Made             int64
		Used, Expires    *int64
		Counted          int64
		Term             int
	}
	if err := q.Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list %s keys: %w", f.Kind, err)
	}
	all := make([]KeyEntry, len(rows))
	for i, r := range rows {
		all[i] = KeyEntry{ID: r.ID, Fingerprint: audit.Fingerprint(r.Mac), Name: r.Name, Holder: r.Holder, Version: r.Version, OrgID: r.Org, OrgName: r.OrgName,
			Created: iam.Time(r.Made), Used: iam.TimeOrZero(r.Used), Counted: r.Counted, Untold: f.Kind == AccountKeys, Expires: iam.TimeOrZero(r.Expires), Term: r.Term}
	}
	return all, nil
}

func (s *Service) inventory(ctx context.Context, f Inventory) (*gorm.DB, error) {
	kind, known := inventories[f.Kind]
	if !known {
		return nil, ErrKeyKind
	}
	if err := s.Decider.Require(ctx, policies.ReadAudit, f.Org); err != nil {
		return nil, err
	}
	scope, err := s.Decider.Scope(ctx, policies.ReadAudit)
	if err != nil || scope.Empty() {
		return nil, err
	}
	var conditions []string
	var args []any
	and := func(sql string, more ...any) { conditions, args = append(conditions, sql), append(args, more...) }
	tenant, err := s.Decider.TenantOf(ctx, f.Org)
	if err != nil {
		return nil, err
	}
	if tenant == f.Org {
		and(kind.tenant+" = ?", string(tenant))
	} else {
		and(kind.org+" IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", string(f.Org))
	}
	if sql, more := scope.SQL(kind.org, kind.tenant); sql != "" {
		and(sql, more...)
	}
	if f.After != "" {
		and(kind.id+" > ?", f.After)
	}
	if f.Never {
		and(kind.never)
	}
	term := fmt.Sprintf(termOf, kind.org, defaultTerm)
	if f.Over {
		and(kind.made+" < CAST(? AS BIGINT) - "+term+" * CAST(? AS BIGINT)", iam.Micros(s.Now()), (24 * time.Hour).Microseconds())
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	query := "SELECT i.*, o.name AS org_name, " + fmt.Sprintf(termOf, "i.org", defaultTerm) + " AS term FROM (" + kind.from + " AND " + strings.Join(conditions, " AND ") +
		" ORDER BY " + kind.id + " LIMIT ?) AS i JOIN orgs o ON o.id = i.org ORDER BY i.id"
	return s.DB.WithContext(ctx).Raw(query, append(args, min(f.Limit, 1000))...), nil
}

// ErrTerm says that keys cannot be given such a time.
var ErrTerm = fault.New(fault.Unprocessable, "key-term", "Keys may grow from 1 to 3650 days old.")

// KeyTerm is how old keys may grow in a place, in days.
func (s *Service) KeyTerm(ctx context.Context, org iam.OrgID) (days int, err error) {
	if err := s.Decider.Require(ctx, policies.ReadAudit, org); err != nil {
		return 0, err
	}
	var all []int
	err = s.DB.WithContext(ctx).Raw("SELECT t.max_days FROM key_terms t JOIN org_closure c ON c.ancestor = t.org_id WHERE c.descendant = ? ORDER BY c.depth LIMIT 1", string(org)).Scan(&all).Error
	if err != nil || len(all) == 0 {
		return defaultTerm, err
	}
	return all[0], nil
}

// SetKeyTerm says how old keys may grow in a place and below it. It asks for
// ManageOrg. Nothing happens to keys that are older; the inventory names them.
func (s *Service) SetKeyTerm(ctx context.Context, org iam.OrgID, days int) error {
	if days < 1 || days > 3650 {
		return ErrTerm.At("days", ErrTerm.Sentence)
	}
	if err := s.Decider.Require(ctx, policies.ManageOrg, org); err != nil {
		return err
	}
	tenant, err := s.Decider.TenantOf(ctx, org)
	if err != nil {
		return err
	}
	was, err := s.KeyTerm(ctx, org)
	if err != nil || was == days {
		return err
	}
	me, _ := policies.Asking(ctx)
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO key_terms (org_id, max_days, set_by, set_at) VALUES (?, ?, ?, ?)
ON CONFLICT (org_id) DO UPDATE SET max_days = excluded.max_days, set_by = excluded.set_by, set_at = excluded.set_at`, string(org), days, string(me), iam.Micros(s.Now())).Error
		if err != nil {
			return fmt.Errorf("set how old keys may grow: %w", err)
		}
		return audit.Record(ctx, tx, "key.term", audit.Object{Tenant: string(tenant), Org: string(org), Type: "org", ID: string(org)},
			audit.Change(audit.Detail{"days": was}, audit.Detail{"days": days}))
	})
}
