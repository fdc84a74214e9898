package orgs

import (
	"context"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// ErrDates says that a time would end before it begins.
var ErrDates = fault.New(fault.Unprocessable, "dates", "It has to end after it begins.")

// Suspend shuts a place, with all that lies in it, for everybody, devices and
// keys included, until Resume. Like everything here it is decided above the
// place: it asks for MoveOrg there, a tenant's of the platform. A second call
// changes nothing.
func (s *Service) Suspend(ctx context.Context, id iam.OrgID, w With) error {
	return s.turn(ctx, id, Suspended, "org.suspend", w)
}

// Resume opens a place that was suspended or closed. The keys that ended when it
// closed stay ended.
func (s *Service) Resume(ctx context.Context, id iam.OrgID, w With) error {
	return s.turn(ctx, id, Active, "org.resume", w)
}

// Close ends a place: it is shut like a suspended one, and the read keys of its
// people end.
func (s *Service) Close(ctx context.Context, id iam.OrgID, w With) error {
	return s.turn(ctx, id, Closed, "org.close", w)
}

func (s *Service) turn(ctx context.Context, id iam.OrgID, to State, verb string, w With) error {
	return s.decideAbove(ctx, Deed{Verb: verb, With: w, Rests: to == Suspended, Closes: to == Closed}, id, func(o Org) (map[string]any, audit.Detail, error) {
		if o.State == to {
			return nil, nil, ErrNothing
		}
		return map[string]any{"state": string(to)}, audit.Detail{"from": string(o.State), "to": string(to)}, nil
	})
}

// SetDates says from when until when a place is open; zero for no such bound.
// What is outside its dates is shut like a suspended place. Field name: until.
func (s *Service) SetDates(ctx context.Context, id iam.OrgID, from, until time.Time, w With) error {
	if !until.IsZero() && !until.After(from) {
		return iam.Wrong("until", ErrDates)
	}
	return s.decideAbove(ctx, Deed{Verb: "org.dates", With: w, Rests: true}, id, func(o Org) (map[string]any, audit.Detail, error) {
		if o.From.Equal(from) && o.Until.Equal(until) {
			return nil, nil, ErrNothing
		}
		return map[string]any{"valid_from": iam.MicrosOrNull(from), "valid_to": iam.MicrosOrNull(until)},
			audit.Detail{"before": dates(o.From, o.Until), "after": dates(from, until)}, nil
	})
}

// dates are two bounds as the trail has them: microseconds, null for none.
func dates(from, until time.Time) map[string]any {
	return map[string]any{"from": iam.MicrosOrNull(from), "until": iam.MicrosOrNull(until)}
}

// decideAbove runs a deed on a place for who may decide about it from above.
func (s *Service) decideAbove(ctx context.Context, d Deed, id iam.OrgID, change func(Org) (map[string]any, audit.Detail, error)) error {
	o, err := s.fromAbove(ctx, id)
	if err != nil {
		return err
	}
	d.Object, d.Area, d.Tell = objectOf(o), Area{Org: id}, []live.Event{happened(live.People, o.Tenant, id, string(id))}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		o, err := findOrg(tx, id)
		if err != nil {
			return nil, err
		}
		columns, detail, err := change(o)
		if err != nil {
			return nil, err
		}
		return detail, changeOrg(tx, o, d.With, columns)
	}
	return s.Perform(ctx, &d)
}

// ShutBelow lists the places that are shut, or will be, and that the person who
// acts in ctx may open again: nobody sees into them, and here they are found.
func (s *Service) ShutBelow(ctx context.Context) ([]Org, error) {
	scope, err := s.Decider.Scope(ctx, policies.MoveOrg)
	if err != nil || scope.Empty() {
		return nil, err
	}
	var rows []orgRow
	q := s.DB.WithContext(ctx).Where("parent_id IS NOT NULL AND (state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL)")
	if err := scope.Filter(q, "parent_id", "tenant_id").Order("name, id").Limit(treeMost).Find(&rows).Error; err != nil {
		return nil, err
	}
	var all []Org
	for _, r := range rows {
		if o := r.org(); scope.Has(o.Parent) { // a tenant's row is in its owner's scope, what is above it is not
			all = append(all, o)
		}
	}
	return all, nil
}
