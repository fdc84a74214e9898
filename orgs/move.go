package orgs

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// Move puts a place, with all that lies in it, below another one of its tenant.
// It asks for MoveOrg above the place and for ManageOrg where it comes to. It
// fails with policies.ErrWall, ErrCycle or ErrTooDeep.
func (s *Service) Move(ctx context.Context, id, parent iam.OrgID, w With) error {
	o, err := s.fromAbove(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Decider.Require(ctx, policies.ManageOrg, parent); err != nil {
		return err
	}
	d := Deed{Verb: "org.move", Object: objectOf(o), Area: Area{Org: id}, With: w, Moves: true, Tell: []live.Event{happened(live.People, o.Tenant, id, string(id))}}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if o, err = findOrg(tx, id); err != nil {
			return nil, err
		}
		if o.Parent == parent {
			return nil, ErrNothing
		}
		if err := s.Decider.MovePlace(tx, id, parent); err != nil {
			return nil, err
		}
		return audit.Detail{"from": string(o.Parent), "to": string(parent)}, changeOrg(tx, o, w, map[string]any{"parent_id": string(parent)})
	}
	return s.Perform(ctx, &d)
}

// fromAbove finds a place for somebody who may decide about it where it lies:
// above it. A tenant's above is the platform.
func (s *Service) fromAbove(ctx context.Context, id iam.OrgID) (Org, error) {
	o, err := findOrg(s.DB.WithContext(ctx), id)
	if err != nil {
		return Org{}, err
	}
	if o.Parent == "" {
		return Org{}, policies.ErrHidden
	}
	err = s.Decider.Require(ctx, policies.MoveOrg, o.Parent)
	if errors.Is(err, policies.ErrHidden) && s.Decider.May(ctx, policies.ReadOrg, id) {
		err = policies.ErrRefused // he knows of the place, if not of what is above it
	}
	return o, err
}

// changeOrg writes columns of a place that nobody has changed since it was read,
// nor since the version that its changer knows.
func changeOrg(tx *gorm.DB, o Org, w With, columns map[string]any) error {
	if w.Version != 0 && w.Version != o.Version {
		return ErrChanged
	}
	columns["version"] = o.Version + 1
	res := tx.Model(&orgRow{}).Where("id = ? AND version = ?", string(o.ID), o.Version).Updates(columns)
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrChanged
	}
	return res.Error
}
