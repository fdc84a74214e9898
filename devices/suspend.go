package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/policies"
)

// Suspend keeps a device out until Resume: the registration doors refuse it, and
// so does its channel refuse its write key.
// A second call changes nothing.
func (s *Service) Suspend(ctx context.Context, id iam.DeviceID) error {
	return s.turn(ctx, id, Suspended, "device.suspend", `UPDATE devices SET state = 'suspended', sealed_at = CASE WHEN state = 'provisioning' THEN 0 ELSE sealed_at END
WHERE id = ? AND state IN ('active', 'announced', 'provisioning', 'lost')`)
}

// Resume lets a suspended device go on where it stood: one that had not heard of
// its channel hears of it now. A second call changes nothing.
func (s *Service) Resume(ctx context.Context, id iam.DeviceID) error {
	return s.turn(ctx, id, Active, "device.resume", `UPDATE devices SET state = CASE WHEN boarded_at = 0 AND door = 'agent' THEN 'announced'
WHEN boarded_at <> 0 AND sealed_at = 0 THEN 'provisioning' ELSE 'active' END WHERE id = ? AND state = 'suspended'`)
}

func (s *Service) turn(ctx context.Context, id iam.DeviceID, to State, verb, update string) error {
	d, err := s.find(ctx, id, policies.ManageDevice)
	if err != nil {
		return err
	}
	return s.change(ctx, verb, d, nil, func(tx *gorm.DB) (bool, error) {
		res := tx.Exec(update, id)
		if res.Error != nil || res.RowsAffected == 0 {
			return false, res.Error
		}
		return true, s.eachChannel(ctx, tx, d, func(provider connectors.Provider, channel string) error {
			if to == Suspended {
				return provider.Hold(ctx, tx, channel)
			}
			return provider.Release(ctx, tx, channel)
		})
	})
}
