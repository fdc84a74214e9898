package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/orgs"
	"halfkey/policies"
)

// ErrElsewhere is for a place that is another tenant's, or nobody's that the
// actor knows of.
var ErrElsewhere = fault.New(fault.NotFound, "place-unknown", "There is no such place to move it to.")

// Move puts a device and its channel under another organisation of its tenant,
// within what the actor may move at both ends. Who may see the old place alone
// loses sight of it with the commit, and his read key ends.
func (s *Service) Move(ctx context.Context, id iam.DeviceID, to iam.OrgID, w orgs.With) error {
	d, err := s.find(ctx, id, policies.MoveDevice)
	if err != nil {
		return err
	}
	if err := s.Decider.Require(ctx, policies.ReadOrg, to); err != nil {
		return ErrElsewhere
	}
	if err := s.Decider.Require(ctx, policies.MoveDevice, to); err != nil {
		return err
	}
	if d.RemovedAt != nil {
		return ErrRetired
	}
	if to == d.Org {
		return nil
	}
	from := d.Org
	d.Org = to // the trail's line belongs to where it now is
	deed := orgs.Deed{Verb: "device.move", Object: d.object(), Area: orgs.Area{Device: id}, With: w, Moves: true}
	deed.Do = func(tx *gorm.DB) (audit.Detail, error) {
		res := tx.Exec("UPDATE devices SET org_id = ? WHERE id = ? AND removed_at IS NULL AND EXISTS (SELECT 1 FROM orgs WHERE id = ? AND tenant_id = ?)",
			to, id, to, d.Tenant)
		if res.Error == nil && res.RowsAffected == 0 {
			return nil, ErrElsewhere
		}
		if res.Error != nil {
			return nil, res.Error
		}
		if err := moveQuestion(tx, d); err != nil {
			return nil, err
		}
		// Who was let in to the device alone keeps it; those of its new place may end that.
		if err := tx.Exec("UPDATE assignments SET org_id = ? WHERE device_id = ? AND ended_at IS NULL", to, id).Error; err != nil {
			return nil, err
		}
		return audit.Detail{"from": from, "to": to}, s.eachChannel(ctx, tx, d, func(provider connectors.Provider, channel string) error {
			return provider.Move(ctx, tx, channel, to)
		})
	}
	if err := s.Orgs.Perform(ctx, &deed); err != nil || orgs.Rehearsing(ctx) != nil {
		return err
	}
	s.publish(live.Device, d.Tenant, from, string(id))
	s.publish(live.Device, d.Tenant, to, string(id))
	return nil
}

// moveQuestion lets those answer who manage the new place; a yes of the old
// place's is over.
func moveQuestion(tx *gorm.DB, d Device) error {
	const ofDevice = " WHERE tenant_id = ? AND serial = ? AND state "
	if err := tx.Exec("UPDATE join_requests SET org_id = ?"+ofDevice+"= ?", d.Org, d.Tenant, d.Serial, waiting).Error; err != nil {
		return err
	}
	return tx.Exec("DELETE FROM join_requests"+ofDevice+"IN ?", d.Tenant, d.Serial, []string{accepted, boarded}).Error
}
