package policies

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// sharable roles can be given to others than the organisation's own.
var sharable = []Role{Viewer, Member, Operator}

// mayGive judges a grant inside its transaction, and says until when it may hold.
func (d *Decider) mayGive(ctx context.Context, tx *gorm.DB, g Grant, l line) (time.Time, error) {
	gives, err := d.fits(tx, g, l)
	if err != nil {
		return time.Time{}, err
	}
	root := len(l.places) == 1
	first := false
	if len(l.places) <= 2 && g.Role == topRole(root) {
		n, err := d.others(tx, g.Org, topRole(root), "")
		if err != nil {
			return time.Time{}, err
		}
		first = n == 0
	}
	switch {
	case g.Source == Founding && first, g.Source == Console && g.Role == PlatformAdmin:
		return g.Until, nil
	case g.Source == Founding, g.Source == Console:
		return time.Time{}, ErrBeyond
	}
	t := d.rulesIn()
	seats, err := seatsOf(tx, g.By)
	if err != nil {
		return time.Time{}, err
	}
	if g.Lent != "" {
		return d.mayLend(ctx, t, seats, g, t.may(gives), l)
	}
	return d.mayHandOn(ctx, t, seats, g, t.may(gives), l, first)
}

// fits looks whether there is such a role at such a place, and what it is made of.
func (d *Decider) fits(tx *gorm.DB, g Grant, l line) (roles, error) {
	root := len(l.places) == 1
	switch {
	case g.Role.Custom():
		sets, err := setsOf(tx, g.Role, l.tenant)
		if err != nil || root {
			return 0, errors.Join(err, ErrRole)
		}
		return given(g.Role, Member, sets), nil
	case root && !g.Role.atRoot(), !root && g.Role == PlatformAdmin, !slices.Contains(catalogue[:realRoles], g.Role):
		return 0, ErrRole
	case (g.Source == Shared || g.Device != "") && !slices.Contains(sharable, g.Role):
		return 0, ErrRole
	case (g.Lent != "") != (g.Source == Deputy), g.Lent != "" && !g.Role.delegable():
		return 0, ErrLent
	}
	return bit(g.Role), nil
}

// mayHandOn judges who gives of his own authority.
func (d *Decider) mayHandOn(ctx context.Context, t *table, seats []seat, g Grant, gives Actions, l line, first bool) (time.Time, error) {
	at, now := target{l, g.Device}, d.now()
	may := kept(ctx, t.held(seats, at, now), l)
	right := ManagePeople
	switch {
	case g.Source == Shared || g.Device != "":
		right = Share
	case g.SubjectType == Service:
		right = MakeService // whose it is, its own use case asks
	case g.Role == Viewer && !may.Has(ManagePeople):
		right = InviteViewer
	}
	hands := t.handsOn(ctx, seats, at, g.Reach, now)
	switch {
	case !may.Has(ReadOrg):
		return time.Time{}, ErrHidden
	case !may.Has(right):
		return time.Time{}, ErrRefused
	case !hands.Has(right):
		return time.Time{}, ErrBeyond
	case gives&^hands != 0 && !(first && may.Has(AdministerPlatform)): // the platform names a tenant's first owner, and no other
		return time.Time{}, ErrBeyond
	}
	if g.Reach == Subtree && g.Device == "" {
		seats = goOn(seats)
	}
	return t.latest(seats, at, right, now, g.Until), nil
}

// mayLend judges who names a deputy: the role lies within one of his own, which
// is not lent or shared itself. A token that was cut lends where it manages
// people, and within its cut: else a program that only reads would let others in.
func (d *Decider) mayLend(ctx context.Context, t *table, seats []seat, g Grant, gives Actions, l line) (time.Time, error) {
	now := iam.Micros(d.now())
	for i := range seats {
		s := &seats[i]
		if s.id != g.Lent || s.lent != 0 || s.team != "" || s.device != "" {
			continue
		}
		may := kept(ctx, t.reaches(s, target{l, g.Device}, now), l)
		switch {
		case gives&^may != 0, g.Reach == Subtree && s.reach == Self:
			return time.Time{}, ErrLent
		case !Whole(ctx) && !may.Has(ManagePeople):
			return time.Time{}, ErrRefused
		}
		return sooner(g.Until, s.ends()), nil
	}
	return time.Time{}, ErrLent
}

// topRole is the role that a tenant, or the platform, must always have somebody in.
func topRole(root bool) Role {
	if root {
		return PlatformAdmin
	}
	return Owner
}

// latest cuts until to the last moment at which the giver still has the right.
func (t *table) latest(seats []seat, at target, right Action, now, until time.Time) time.Time {
	var last int64
	for i := range seats {
		if !t.reaches(&seats[i], at, iam.Micros(now)).Has(right) {
			continue
		}
		if seats[i].ends() == 0 {
			return until
		}
		last = max(last, seats[i].ends())
	}
	return sooner(until, last)
}

// sooner is the earlier of two ends; zero is none.
func sooner(until time.Time, end int64) time.Time {
	if end != 0 && (until.IsZero() || iam.Time(end).Before(until)) {
		return iam.Time(end)
	}
	return until
}

// MayGrant judges, for a page or before an invitation is written, whether the
// person who acts in ctx could give the role. It fails like Grant.
func (d *Decider) MayGrant(ctx context.Context, role Role, org iam.OrgID) error {
	who, _ := Asking(ctx)
	return d.WouldGrant(ctx, Grant{Role: role, Org: org, By: who})
}

// WouldGrant judges a grant before it is known whom it is for. It fails like Grant.
func (d *Decider) WouldGrant(ctx context.Context, g Grant) error {
	q := d.db.WithContext(ctx)
	l, err := lineOf(q, g.Org)
	if err != nil {
		return err
	}
	if len(l.places) == 0 {
		return ErrHidden
	}
	_, err = d.mayGive(ctx, q, g, l)
	return err
}

// rulesIn is the table in force, for judging inside a transaction: there nobody
// may ask the database but through it, since on PostgreSQL all other connections
// may be waiting for this very deed. Whoever came here was judged a moment ago
// outside of it, by rules read anew.
func (d *Decider) rulesIn() *table { return d.policy.Load().table }

// setsOf are the permission sets of a tenant's own role.
func setsOf(q *gorm.DB, r Role, tenant iam.OrgID) (sets string, err error) {
	err = q.Raw("SELECT sets FROM custom_roles WHERE id = ? AND tenant_id = ? AND ended_at IS NULL",
		r.Bundle(), string(tenant)).Scan(&sets).Error
	if err == nil && sets == "" {
		err = ErrRole
	}
	return sets, err
}
