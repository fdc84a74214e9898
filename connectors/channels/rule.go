package channels

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/migrations"
)

// A Rule says how long the channels of an organisation and of those below it keep
// what they hold. The nearest rule on the way up counts; without one everything
// stays.
type Rule struct {
	Tenant  iam.OrgID
	Org     iam.OrgID
	Entries int // days that entries stay; 0 is for ever
	Sums    int // days that their sums stay, from which long charts are drawn; 0 is for ever
	By      iam.UserID
	Changed time.Time
}

const maxKept = 36500 // days

// ErrRule is a rule that makes no sense.
var ErrRule = fault.New(fault.Unprocessable, "keep-rule", "Entries are kept for at least a day and at most a hundred years, and what sums them up no shorter than they are.")

var (
	putRule = migrations.SQL(`INSERT INTO keep_rules (org_id, tenant_id, entries_days, sums_days, changed_by, changed_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id) DO UPDATE SET entries_days = excluded.entries_days, sums_days = excluded.sums_days, changed_by = excluded.changed_by, changed_at = excluded.changed_at`)
	dropRule    = migrations.SQL(`DELETE FROM keep_rules WHERE org_id = ?`)
	nearestRule = migrations.SQL(`SELECT r.org_id, r.tenant_id, COALESCE(r.entries_days, 0), COALESCE(r.sums_days, 0), r.changed_by, r.changed_at
FROM org_closure c JOIN keep_rules r ON r.org_id = c.ancestor WHERE c.descendant = ? ORDER BY c.depth LIMIT 1`)
)

// Check fails with ErrRule.
func (r Rule) Check() error {
	entries, sums := cmp.Or(r.Entries, maxKept), cmp.Or(r.Sums, maxKept)
	if r.Entries < 0 || r.Sums < 0 || entries > maxKept || sums > maxKept || sums < entries {
		return ErrRule
	}
	return nil
}

// SetRule gives an organisation a rule of its own. The caller has judged that he
// may, and writes it into the trail.
func (s *Store) SetRule(ctx context.Context, tx *gorm.DB, r Rule) error {
	if err := r.Check(); err != nil {
		return err
	}
	if _, err := putRule.Exec(ctx, tx, string(r.Org), string(r.Tenant), orNull(r.Entries), orNull(r.Sums), string(r.By), iam.Micros(s.Now())); err != nil {
		return fmt.Errorf("set a rule of keeping: %w", err)
	}
	return nil
}

// DropRule lets the rule of the place above count again.
func (s *Store) DropRule(ctx context.Context, tx *gorm.DB, org iam.OrgID) error {
	if _, err := dropRule.Exec(ctx, tx, string(org)); err != nil {
		return fmt.Errorf("drop a rule of keeping: %w", err)
	}
	return nil
}

// RuleFor is the rule that counts for an organisation; the zero Rule if there is
// none. Its Org says where it stands.
func (s *Store) RuleFor(ctx context.Context, org iam.OrgID) (r Rule, err error) {
	var changed int64
	err = nearestRule.Row(ctx, s.db(ctx), string(org)).Scan(&r.Org, &r.Tenant, &r.Entries, &r.Sums, &r.By, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return Rule{}, nil
	}
	if err != nil {
		return r, fmt.Errorf("find the rule of keeping: %w", err)
	}
	r.Changed = iam.Time(changed)
	return r, nil
}

func orNull(n int) any {
	if n == 0 {
		return nil
	}
	return n
}
