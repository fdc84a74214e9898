package policies

import (
	"context"
	"fmt"

	"halfkey/iam"
)

// readStops finds the places that are closed, or were or will be: few among
// many. The condition is word for word that of the index orgs_limited.
const readStops = `SELECT id, state, valid_from, valid_to FROM orgs
WHERE state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL`

func (d *Decider) stopsAt(ctx context.Context, version int64) (stops []place, err error) {
	if stops, ok := d.stops.Get(struct{}{}, version); ok {
		return stops, nil
	}
	rows, err := d.db.WithContext(ctx).Raw(readStops).Rows()
	if err != nil {
		return nil, fmt.Errorf("read closed places: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s place
		var from, to *int64
		if err := rows.Scan(&s.id, &s.state, &from, &to); err != nil {
			return nil, fmt.Errorf("read closed places: %w", err)
		}
		s.span = newSpan(from, to)
		stops = append(stops, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read closed places: %w", err)
	}
	d.stops.Put(struct{}{}, version, stops)
	return stops, nil
}

// stopped lists the places that are closed just now.
func (d *Decider) stopped(ctx context.Context, version int64) (ids []iam.OrgID, err error) {
	stops, err := d.stopsAt(ctx, version)
	now := iam.Micros(d.now())
	for _, s := range stops {
		if s.state != active || !s.span.holds(now) {
			ids = append(ids, s.id)
		}
	}
	return ids, err
}

// Stopped tells whether org or anything above it is suspended or out of its
// dates: then its devices and keys do not work either. It costs next to nothing
// while no place is closed.
func (d *Decider) Stopped(ctx context.Context, org iam.OrgID) (bool, error) {
	version, err := d.versions.Current(ctx)
	if err != nil {
		return false, err
	}
	ids, err := d.stopped(ctx, version)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	l, err := d.lineAt(ctx, version, org)
	return err == nil && l.stopped(iam.Micros(d.now())) != 0, err
}
