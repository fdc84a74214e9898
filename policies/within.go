package policies

import (
	"context"

	"halfkey/iam"
)

// Gives is what a role of the catalogue allows; nothing for any other.
func (d *Decider) Gives(r Role) Actions { return d.rulesIn().may(bit(r)) }

// Within reports whether whoever acts in ctx may do in org and below all that the
// role allows there: then whoever holds the role is not above him.
func (d *Decider) Within(ctx context.Context, r Role, org iam.OrgID) (bool, error) {
	who, ok := Asking(ctx)
	if !ok {
		return false, nil
	}
	t := d.rulesIn()
	may, l, err := d.judge(ctx, who, ReadOrg, org, "")
	if err != nil {
		return false, err
	}
	gives, err := d.worth(d.db.WithContext(ctx), Assignment{Role: r}, l)
	if err != nil {
		return false, err
	}
	seats, err := seatsOf(d.db.WithContext(ctx), who)
	if err != nil {
		return false, err
	}
	may = kept(ctx, may&t.held(goOn(seats), target{line: l}, d.now()), l)
	if may.Has(AppointSupport) {
		may |= 1 << Impersonate // he names who may, and may not himself
	}
	return t.may(gives)&^may == 0, nil
}
