package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// Suspend keeps a device out until Resume: the registration doors refuse it, and
// so does its channel refuse its write key.
// A second call changes nothing.
func (s *Service) Suspend(ctx context.Context, id iam.DeviceID) error {
	return s.turn(ctx, id, Active, Suspended, "device.suspend")
}

// Resume lets a suspended device go on. A second call changes nothing.
func (s *Service) Resume(ctx context.Context, id iam.DeviceID) error {
	return s.turn(ctx, id, Suspended, Active, "device.resume")
}

func (s *Service) turn(ctx context.Context, id iam.DeviceID, from, to State, verb string) error {
	d, err := s.find(ctx, id, policies.ManageDevice)
	if err != nil {
		return err
	}
	return s.change(ctx, verb, d, nil, func(tx *gorm.DB) (bool, error) {
		res := tx.Exec("UPDATE devices SET state = ? WHERE id = ? AND state = ?", to, id, from)
		if res.Error != nil || res.RowsAffected == 0 {
			return false, res.Error
		}
		provider, err := s.providerOf(ctx, tx, d.Connector)
		if err != nil {
			return false, err
		}
		if to == Suspended {
			return true, provider.Hold(ctx, tx, d.Channel)
		}
		return true, provider.Release(ctx, tx, d.Channel)
	})
}
