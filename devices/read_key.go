package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// AddReadKey makes the actor one more read key of the device's channel, named
// after what will read with it, and shows it this once.
func (s *Service) AddReadKey(ctx context.Context, id iam.DeviceID, label string) (made channels.ReadKey, key vault.Secret, err error) {
	d, err := s.find(ctx, id, policies.RevealReadKey)
	if err != nil {
		return made, "", err
	}
	who, err := iam.PersonIn(ctx)
	if err != nil {
		return made, "", err
	}
	if label, err = iam.ParseName(label); err != nil {
		return made, "", err
	}
	if channels.Elsewhere(d.Channel) {
		return made, "", connectors.ErrReadKey // of our making, at any rate
	}
	err = s.change(ctx, "read-key.make", d, audit.Detail{"channel": d.Channel, "name": label}, func(tx *gorm.DB) (bool, error) {
		made, key, err = s.Channels.AddReadKey(ctx, tx, d.Channel, who, label)
		return err == nil, err
	})
	return made, key, err
}

// RevokeReadKey ends a read key of the device's channel: one's own, or anybody's
// for whoever manages the device.
func (s *Service) RevokeReadKey(ctx context.Context, id iam.DeviceID, key iam.KeyID) error {
	d, err := s.find(ctx, id, policies.SeeDevice)
	if err != nil {
		return err
	}
	if err := s.mineOr(ctx, d, key); err != nil {
		return err
	}
	return s.change(ctx, "read-key.revoke", d, audit.Detail{"channel": d.Channel, "key": string(key)}, func(tx *gorm.DB) (bool, error) {
		return true, s.Channels.RevokeReadKey(ctx, tx, d.Channel, key)
	})
}

// mineOr is satisfied by the holder of a key, and by who manages the device; by a
// token of the holder's that was cut if it may show the key.
func (s *Service) mineOr(ctx context.Context, d Device, key iam.KeyID) error {
	keys, err := s.Channels.ReadKeys(ctx, d.Channel)
	if err != nil {
		return err
	}
	me, _ := policies.Asking(ctx)
	for _, k := range keys {
		if k.ID == key && k.User == me && me != "" && (policies.Whole(ctx) || s.Decider.MayDevice(ctx, policies.RevealReadKey, d.Org, d.ID)) {
			return nil
		}
	}
	return s.Decider.RequireDevice(ctx, policies.ManageDevice, d.Org, d.ID)
}
