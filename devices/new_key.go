package devices

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// A service outside has no call for another write key, and takes no two at a time.
// So either a person changes the key there, and what it is now is taken over; or
// the device gets another channel in place of its own. Both times the device waits
// for nobody: it is handed what is new at its next call, as if it had heard of
// nothing yet.

// ErrKeyOurs says that the channel is kept here.
var ErrKeyOurs = fault.New(fault.Conflict, "device-key-ours", "This channel is kept here: there is nothing to be changed elsewhere.")

// Renewable is a device whose channel is kept elsewhere, for somebody who may
// manage it. It fails with ErrUnknown, ErrRetired, ErrKeyPaused and ErrKeyOurs.
func (s *Service) Renewable(ctx context.Context, id iam.DeviceID) (d Device, err error) {
	if d, err = s.find(ctx, id, policies.ManageDevice); err != nil {
		return d, err
	}
	switch {
	case d.RemovedAt != nil:
		return d, ErrRetired
	case d.State == Suspended:
		return d, ErrKeyPaused
	case d.Door == Agent:
		return d, ErrKeyOurs
	}
	provider, err := s.providerOf(ctx, s.DB, d.Connector)
	if err == nil && provider.Capabilities().RotateWriteKey {
		err = ErrKeyOurs
	}
	return d, err
}

// TakeNewKey hands the device the key that its channel has now, at its next call;
// the key of a manual one can be shown once more.
func (s *Service) TakeNewKey(ctx context.Context, id iam.DeviceID) error {
	d, err := s.Renewable(ctx, id)
	if err != nil {
		return err
	}
	return s.change(ctx, "write-key.renew", d, audit.Detail{"channel": d.Channel}, func(tx *gorm.DB) (bool, error) {
		return true, anew(tx, d, d.Channel, d.Connector)
	})
}

// ReplaceChannel gives the device another channel, where new devices of its place
// get theirs. The old one stays where it is with what it holds; nothing of it is
// handed out any more.
func (s *Service) ReplaceChannel(ctx context.Context, id iam.DeviceID) error {
	d, err := s.Renewable(ctx, id)
	if err != nil {
		return err
	}
	by, err := s.connectorFor(ctx, d.Org)
	if err != nil {
		return err
	}
	old, err := s.providerOf(ctx, s.DB, d.Connector)
	if err != nil {
		return err
	}
	return s.change(ctx, "device.channel-other", d, audit.Detail{"old": d.Channel}, func(tx *gorm.DB) (bool, error) {
		if err := old.Close(ctx, tx, d.Channel); err != nil {
			return false, err
		}
		made, err := by.provider.Create(ctx, tx, connectors.Wanted{Op: "instead of " + d.Channel, By: by.id, Tenant: d.Tenant, Org: d.Org, Name: d.Name,
			Fields: connectors.Kind(d.Kind).Fields()})
		if err != nil {
			return false, err
		}
		return true, anew(tx, d, made.ID, by.id)
	})
}

// anew lets the device fetch what it is handed, once, from that channel.
func anew(tx *gorm.DB, d Device, channel string, by connectors.ID) error {
	res := tx.Exec(`UPDATE devices SET state = 'provisioning', sealed_at = 0, channel_id = ?, connector_id = ?, version = version + 1
WHERE id = ? AND channel_id = ? AND state IN ('active', 'provisioning', 'lost')`, channel, by, d.ID, d.Channel)
	if res.Error == nil && res.RowsAffected == 0 {
		return errRaced
	}
	if res.Error != nil {
		return fmt.Errorf("hand out anew: %w", res.Error)
	}
	return nil
}
