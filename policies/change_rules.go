package policies

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
)

// What can be wrong with a rule.
var (
	ErrRule      = fault.New(fault.Unprocessable, "rule-unknown", "A rule names a role or permission set, an object, an act, and whether it allows or denies.")
	ErrRuleLocks = fault.New(fault.Conflict, "rule-locks-out", "With that rule a promise would break: somebody would be locked out, or would see what nobody may.")
)

// Rule is one line of the policy. Object and Act may be "*".
type Rule struct {
	Role   Role
	Object string
	Act    string
	Effect string // allow or deny
	Added  bool   // by a platform administrator; the others come with the program
}

// Rules lists the policy in force. It asks for AdministerPlatform on the root.
func (d *Decider) Rules(ctx context.Context) ([]Rule, error) {
	p, err := d.policyFor(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Rule, 0, len(shipped)+len(p.extra))
	for _, r := range shipped {
		all = append(all, Rule{r.role, r.obj, r.act, r.effect, false})
	}
	for _, r := range p.extra {
		all = append(all, Rule{r.role, r.obj, r.act, r.effect, true})
	}
	return all, nil
}

// AddRule adds a line to the policy; the same line with another effect is
// replaced. It asks for AdministerPlatform, and fails with ErrRule or ErrRuleLocks.
func (d *Decider) AddRule(ctx context.Context, add Rule) error {
	r := rule{add.Role, add.Object, add.Act, add.Effect}
	if _, err := d.root(ctx); err != nil { // what is wrong with the line, a stranger does not hear
		return err
	}
	if !r.known() {
		return ErrRule
	}
	return d.changeRules(ctx, "rule.add", r, func(tx *gorm.DB) error {
		who, _ := Asking(ctx)
		return tx.Exec(`INSERT INTO policies (role, object, act, effect, added_by, added_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (role, object, act) DO UPDATE SET effect = excluded.effect, added_by = excluded.added_by, added_at = excluded.added_at`,
			string(r.role), r.obj, r.act, r.effect, string(who), iam.Micros(d.now())).Error
	})
}

// RemoveRule takes an added line out again. Twice changes nothing.
func (d *Decider) RemoveRule(ctx context.Context, out Rule) error {
	r := rule{out.Role, out.Object, out.Act, out.Effect}
	return d.changeRules(ctx, "rule.remove", r, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM policies WHERE role = ? AND object = ? AND act = ?", string(r.role), r.obj, r.act).Error
	})
}

// changeRules makes sure, before the commit, that the new policy holds together.
func (d *Decider) changeRules(ctx context.Context, verb string, r rule, do func(tx *gorm.DB) error) error {
	root, err := d.root(ctx)
	if err != nil {
		return err
	}
	return d.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := d.versions.Bump(tx); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return fmt.Errorf("%s: %w", verb, err)
		}
		extra, err := readExtra(tx)
		if err != nil {
			return err
		}
		if _, err := newPolicy(0, extra); err != nil {
			return fmt.Errorf("%w (%v)", ErrRuleLocks, err)
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(root), Org: string(root), Type: "rule", ID: string(r.role)},
			audit.Detail{"object": r.obj, "act": r.act, "effect": r.effect})
	})
}

// policyFor is the policy in force, for a platform administrator.
func (d *Decider) policyFor(ctx context.Context) (*policy, error) {
	if _, err := d.root(ctx); err != nil {
		return nil, err
	}
	version, err := d.versions.Now(ctx)
	if err != nil {
		return nil, err
	}
	return d.policyAt(ctx, version)
}

// root is the platform's organisation, for who administers it.
func (d *Decider) root(ctx context.Context) (root iam.OrgID, err error) {
	if err := d.db.WithContext(ctx).Raw("SELECT id FROM orgs WHERE parent_id IS NULL").Scan(&root).Error; err != nil {
		return "", fmt.Errorf("find the platform: %w", err)
	}
	return root, d.Require(ctx, AdministerPlatform, root)
}

// known tells whether the rule speaks of things that there are.
func (r rule) known() bool {
	covers := false
	for a := range actionCount {
		covers = covers || r.covers(a)
	}
	return covers && slices.Contains(catalogue[:allowing], r.role) && (r.effect == allow || r.effect == deny)
}
