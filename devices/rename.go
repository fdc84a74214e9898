package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// Rename gives a device, and its channel with it, another name. A name that
// will not do is iam.ErrName.
func (s *Service) Rename(ctx context.Context, id iam.DeviceID, name string) error {
	d, err := s.find(ctx, id, policies.ManageDevice)
	if err != nil {
		return err
	}
	if name, err = iam.ParseName(name); err != nil {
		return err
	}
	if name == d.Name {
		return nil
	}
	return s.change(ctx, "device.rename", d, audit.Detail{"from": d.Name, "to": name}, func(tx *gorm.DB) (bool, error) {
		if err := tx.Exec("UPDATE devices SET name = ? WHERE id = ?", name, id).Error; err != nil {
			return false, err
		}
		provider, err := s.providerOf(ctx, tx, d.Connector)
		if err != nil {
			return false, err
		}
		return true, provider.Rename(ctx, tx, d.Channel, name)
	})
}
