package policies

import (
	"context"

	"halfkey/iam"
)

// Require is nil when whoever acts in ctx may do act in org, ErrRefused when he
// may not, ErrUnproved when he would have to sign in better for it, and
// ErrHidden when he may not even know of org. Any other error means that nobody
// could judge; it is a no as well.
func (d *Decider) Require(ctx context.Context, act Action, org iam.OrgID) error {
	return d.require(ctx, act, ReadOrg, org, "")
}

// RequireDevice is Require for a device in org, which may be shared alone:
// ErrHidden answers whoever may not know of the device.
func (d *Decider) RequireDevice(ctx context.Context, act Action, org iam.OrgID, device iam.DeviceID) error {
	return d.require(ctx, act, SeeDevice, org, device)
}

func (d *Decider) require(ctx context.Context, act, know Action, org iam.OrgID, device iam.DeviceID) error {
	who, ok := Asking(ctx)
	if !ok {
		return ErrHidden
	}
	may, l, err := d.judge(ctx, who, act, org, device)
	if err != nil {
		return err
	}
	may = kept(ctx, may, l)
	switch {
	case !may.Has(know) && !may.Has(act):
		return ErrHidden
	case !proved(ctx, l.asks()):
		return ErrUnproved
	case !may.Has(act):
		return ErrRefused
	}
	return nil
}

// May is Require as a yes or no, for what a page offers.
func (d *Decider) May(ctx context.Context, act Action, org iam.OrgID) bool {
	return d.Require(ctx, act, org) == nil
}

// MayDevice is RequireDevice as a yes or no.
func (d *Decider) MayDevice(ctx context.Context, act Action, org iam.OrgID, device iam.DeviceID) bool {
	return d.RequireDevice(ctx, act, org, device) == nil
}

// MayUser asks for somebody else than who acts; device may be "".
func (d *Decider) MayUser(ctx context.Context, who iam.UserID, act Action, org iam.OrgID, device iam.DeviceID) bool {
	may, _, err := d.judge(ctx, who, act, org, device)
	return err == nil && may.Has(act)
}

// judge says what who may do in org, or with a device there. Before it denies
// act it makes sure that nothing was granted meanwhile, perhaps on another replica.
func (d *Decider) judge(ctx context.Context, who iam.UserID, act Action, org iam.OrgID, device iam.DeviceID) (Actions, line, error) {
	version, err := d.versions.Current(ctx)
	if err != nil {
		return 0, line{}, err
	}
	may, l, err := d.judgeAt(ctx, version, who, org, device)
	if err != nil || may.Has(act) {
		return may, l, err
	}
	newest, err := d.versions.Now(ctx)
	if err != nil || newest == version {
		return may, l, err
	}
	return d.judgeAt(ctx, newest, who, org, device)
}

func (d *Decider) judgeAt(ctx context.Context, version int64, who iam.UserID, org iam.OrgID, device iam.DeviceID) (Actions, line, error) {
	t, err := d.rulesAt(ctx, version)
	if err != nil {
		return 0, line{}, err
	}
	seats, err := d.seatsAt(ctx, version, who)
	if err != nil || len(seats) == 0 {
		return 0, line{}, err
	}
	l, err := d.lineAt(ctx, version, org)
	if err != nil {
		return 0, line{}, err
	}
	return t.held(seats, target{l, device}, d.now()), l, nil
}
