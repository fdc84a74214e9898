package devices

import (
	"context"
	"errors"

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
		return true, s.RenameIn(ctx, tx, d, name)
	})
}

// RenameIn gives the device the name in the caller's transaction. An agent's
// version tells those who hold an older one that it changed.
func (s *Service) RenameIn(ctx context.Context, tx *gorm.DB, d Device, name string) error {
	err := tx.Exec("UPDATE devices SET name = ?, version = version + CASE WHEN door = 'agent' THEN 1 ELSE 0 END WHERE id = ?", name, d.ID).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrNameTaken
	}
	if err != nil {
		return err
	}
	provider, err := s.providerOf(ctx, tx, d.Connector)
	if err != nil {
		return err
	}
	return provider.Rename(ctx, tx, d.Channel, name)
}
