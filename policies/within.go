package policies

import (
	"context"

	"halfkey/iam"
	"halfkey/iam/audit"
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

// Below reports whether what whoever acts in ctx may do in org he may do in what
// lies below it, too: not who holds his role in that place alone.
func (d *Decider) Below(ctx context.Context, act Action, org iam.OrgID) (bool, error) {
	who, _ := Asking(ctx)
	seats, err := seatsOf(d.db.WithContext(ctx), who)
	if err != nil {
		return false, err
	}
	l, err := lineOf(d.db.WithContext(ctx), org)
	if err != nil {
		return false, err
	}
	return d.rulesIn().held(goOn(seats), target{line: l}, d.now()).Has(act), nil
}

// MayTake reports whether whoever acts in ctx may have the file of an export: he
// exports where it was made and below it, as far as its lines reach, or he asked
// for it and exports there still.
func (d *Decider) MayTake(ctx context.Context, e audit.Export) (bool, error) {
	org := iam.OrgID(e.OrgID)
	if !d.May(ctx, ExportAudit, org) {
		return false, nil
	}
	if who, _ := Asking(ctx); string(who) == e.AskedBy && Whole(ctx) {
		return true, nil
	}
	return d.Below(ctx, ExportAudit, org)
}
