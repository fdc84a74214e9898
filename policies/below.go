package policies

import (
	"context"

	"halfkey/iam"
	"halfkey/iam/audit"
)

// Below reports whether what whoever acts in ctx may do in org he may do in what
// lies below it, too: not who holds his role in that place alone.
func (d *Decider) Below(ctx context.Context, act Action, org iam.OrgID) (bool, error) {
	who, _ := Asking(ctx)
	q := d.db.WithContext(ctx)
	seats, err := seatsOf(q, who)
	if err != nil {
		return false, err
	}
	l, err := lineOf(q, org)
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
