package policies

import (
	"context"
	"fmt"
	"slices"

	"halfkey/iam"
)

// limits are the places about which more is to be asked than where they lie:
// closed, or open for a time, or private, or asking for a better sign-in. They
// are few among many.
type limits struct {
	places   []place
	privates []iam.OrgID // the tenants that have private places
}

// readLimits finds them. The condition is word for word that of the index orgs_limited.
const readLimits = "SELECT " + placeColumns + ` FROM orgs o
WHERE o.state <> 'active' OR o.valid_from IS NOT NULL OR o.valid_to IS NOT NULL OR o.private OR o.min_credential <> 'any'`

func (d *Decider) limitsAt(ctx context.Context, version int64) (*limits, error) {
	if l, ok := d.limits.Get(struct{}{}, version); ok {
		return l, nil
	}
	places, err := readPlaces(d.db.WithContext(ctx), readLimits)
	if err != nil {
		return nil, fmt.Errorf("read places with limits: %w", err)
	}
	l := &limits{places: places}
	for _, p := range places {
		if p.private {
			l.privates = with(l.privates, p.tenant)
		}
	}
	d.limits.Put(struct{}{}, version, l)
	return l, nil
}

// closed lists the places that are closed just now to whoever acts in ctx.
func (l *limits) closed(ctx context.Context, now int64) (ids []iam.OrgID) {
	for _, p := range l.places {
		if p.state != active || !p.span.holds(now) || p.asks > 0 && !proved(ctx, p.asks) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// private tells whether a tenant has any private place.
func (l *limits) private(tenant iam.OrgID) bool { return slices.Contains(l.privates, tenant) }

// Stopped tells whether org or anything above it is suspended or out of its
// dates: then its devices and keys do not work either. It costs next to nothing
// while no place is closed.
func (d *Decider) Stopped(ctx context.Context, org iam.OrgID) (bool, error) {
	version, err := d.versions.Current(ctx)
	if err != nil {
		return false, err
	}
	limits, err := d.limitsAt(ctx, version)
	now := iam.Micros(d.now())
	if err != nil || len(limits.closed(context.Background(), now)) == 0 {
		return false, err
	}
	l, err := d.lineAt(ctx, version, org)
	return err == nil && l.stopped(now) != 0, err
}
