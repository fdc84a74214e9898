package policies

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// policy is the rules in force: those that come with the program and those that
// were added, as Casbin has them and compiled. A change makes a new one; nobody
// who judges waits for it.
type policy struct {
	version int64
	extra   []rule
	table   *table
	casbin  judges
}

func newPolicy(version int64, extra []rule) (*policy, error) {
	rules := slices.Concat(shipped, extra)
	by, err := newJudges(rules)
	if err != nil {
		return nil, err
	}
	t, err := tabulate(rules)
	if err != nil {
		return nil, err
	}
	if err := t.keeps(extra); err != nil {
		return nil, err
	}
	return &policy{version, extra, t, by}, nil
}

// policyAt is the policy at a version of rights. It compiles anew only when the
// added rules have changed; rules that do not hold together are refused when
// they are added, and if they got into the database otherwise, nobody may anything.
func (d *Decider) policyAt(ctx context.Context, version int64) (*policy, error) {
	if p := d.policy.Load(); p.version >= version {
		return p, nil
	}
	d.learning.Lock()
	defer d.learning.Unlock()
	p := d.policy.Load()
	if p.version >= version {
		return p, nil
	}
	extra, err := readExtra(d.db.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if slices.Equal(extra, p.extra) {
		next := *p
		next.version = version
		d.policy.Store(&next)
		return &next, nil
	}
	next, err := newPolicy(version, extra)
	if err != nil {
		return nil, err
	}
	d.policy.Store(next)
	return next, nil
}

func (d *Decider) rulesAt(ctx context.Context, version int64) (*table, error) {
	p, err := d.policyAt(ctx, version)
	if err != nil {
		return nil, err
	}
	return p.table, nil
}

func readExtra(q *gorm.DB) (extra []rule, err error) {
	rows, err := q.Raw("SELECT role, object, act, effect FROM policies ORDER BY role, object, act").Rows()
	if err != nil {
		return nil, fmt.Errorf("read the added rules: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r rule
		if err := rows.Scan(&r.role, &r.obj, &r.act, &r.effect); err != nil {
			return nil, fmt.Errorf("read the added rules: %w", err)
		}
		extra = append(extra, r)
	}
	return extra, rows.Err()
}
