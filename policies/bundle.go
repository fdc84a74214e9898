package policies

import (
	"context"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// ErrSet says that there is no such permission set.
var ErrSet = fault.New(fault.Unprocessable, "set-unknown", "A role of one's own is made of the offered permissions, and of one at least.")

// MayBundle is nil when whoever acts in ctx may make a role of these permission
// sets in the tenant: it takes ManageRoles, and all that the role would allow.
// It fails with ErrHidden, ErrRefused, ErrSet or ErrBeyond.
func (d *Decider) MayBundle(ctx context.Context, tenant iam.OrgID, sets []Role) error {
	if err := d.Require(ctx, ManageRoles, tenant); err != nil {
		return err
	}
	t := d.rulesIn()
	var gives roles
	for _, set := range sets {
		b := bit(set)
		if b < 1<<realRoles || b >= 1<<allowing {
			return ErrSet
		}
		gives |= b
	}
	if gives == 0 {
		return ErrSet
	}
	who, _ := Asking(ctx)
	may, l, err := d.judge(ctx, who, ManageRoles, tenant, "")
	if err != nil {
		return err
	}
	if t.may(gives)&^kept(ctx, may, l) != 0 {
		return ErrBeyond
	}
	return nil
}

// CustomRole names a tenant's own role by its id.
func CustomRole(id string) Role { return Role(customPrefix + id) }

// Bundle is the id of a custom role; "" for one of the catalogue.
func (r Role) Bundle() string {
	if !r.Custom() {
		return ""
	}
	return string(r[len(customPrefix):])
}
