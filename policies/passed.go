package policies

import (
	"context"

	"halfkey/iam"
)

// Passed counts the dates that have come of those on which it depends what
// whoever acts in ctx may do: when his roles begin and end, and when places open
// and shut. An open page is drawn anew when it or Version grows.
func (d *Decider) Passed(ctx context.Context) (n int, err error) {
	who, ok := Asking(ctx)
	if !ok {
		return 0, nil
	}
	version, err := d.versions.Current(ctx)
	if err != nil {
		return 0, err
	}
	seats, err := d.seatsAt(ctx, version, who)
	if err != nil {
		return 0, err
	}
	limits, err := d.limitsAt(ctx, version)
	if err != nil {
		return 0, err
	}
	now := iam.Micros(d.now())
	count := func(s span) {
		for _, at := range []int64{s.from, s.to} {
			if at != 0 && at <= now {
				n++
			}
		}
	}
	for i := range seats {
		for _, s := range seats[i].spans {
			count(s)
		}
	}
	for _, p := range limits.places {
		count(p.span)
	}
	return n, nil
}
