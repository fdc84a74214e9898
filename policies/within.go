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
	version, err := d.versions.Current(ctx)
	if err != nil {
		return false, err
	}
	t, err := d.rulesAt(ctx, version)
	if err != nil {
		return false, err
	}
	l, err := d.lineAt(ctx, version, org)
	if err != nil {
		return false, err
	}
	gives, err := d.worth(d.db.WithContext(ctx), Assignment{Role: r}, l)
	if err != nil {
		return false, err
	}
	seats, err := d.seatsAt(ctx, version, who)
	if err != nil {
		return false, err
	}
	return t.may(gives)&^t.handsOn(ctx, seats, target{line: l}, Subtree, d.now()) == 0, nil
}
