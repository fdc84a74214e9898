package policies

import (
	"context"

	"halfkey/iam"
)

// Require is nil when the person who acts in ctx may do act in org, ErrRefused
// when he may not, and ErrHidden when he may not even know of org. Any other
// error means that nobody could judge; it is a no as well.
func (d *Decider) Require(ctx context.Context, act Action, org iam.OrgID) error {
	user, ok := Asking(ctx)
	if !ok {
		return ErrHidden
	}
	may, err := d.judge(ctx, user, act, org)
	switch {
	case err != nil:
		return err
	case may.Has(act):
		return nil
	case may.Has(ReadOrg):
		return ErrRefused
	}
	return ErrHidden
}

// May is Require as a yes or no, for what a page offers.
func (d *Decider) May(ctx context.Context, act Action, org iam.OrgID) bool {
	return d.Require(ctx, act, org) == nil
}

// MayUser asks for somebody else than who acts.
func (d *Decider) MayUser(ctx context.Context, user iam.UserID, act Action, org iam.OrgID) bool {
	may, err := d.judge(ctx, user, act, org)
	return err == nil && may.Has(act)
}

// judge says what user may do in org. Before it denies act it makes sure that
// nothing was granted meanwhile, perhaps on another replica.
func (d *Decider) judge(ctx context.Context, user iam.UserID, act Action, org iam.OrgID) (Actions, error) {
	version, err := d.versions.Current(ctx)
	if err != nil {
		return 0, err
	}
	may, err := d.judgeAt(ctx, version, user, org)
	if err != nil || may.Has(act) {
		return may, err
	}
	newest, err := d.versions.Now(ctx)
	if err != nil || newest == version {
		return may, err
	}
	return d.judgeAt(ctx, newest, user, org)
}

func (d *Decider) judgeAt(ctx context.Context, version int64, user iam.UserID, org iam.OrgID) (Actions, error) {
	seats, err := d.seatsAt(ctx, version, user)
	if err != nil || len(seats) == 0 {
		return 0, err
	}
	l, err := d.lineAt(ctx, version, org)
	if err != nil {
		return 0, err
	}
	return d.table.may(held(seats, l, d.now())), nil
}
