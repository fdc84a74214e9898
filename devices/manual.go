package devices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// A Sketch is a device that cannot register itself: whoever programs it types
// its channel and write key into it.
type Sketch struct {
	Org  iam.OrgID
	Name string
	Kind connectors.Kind
}

// A Handed is what a person types into a manual device. WriteKey is empty while
// a service outside is still making the channel.
type Handed struct {
	ID        iam.DeviceID
	Channel   string // as it is called where it lies
	WriteKey  vault.Secret
	UpdateURL string // empty: our own door, whose address the caller knows
}

// What can stand in the way of a manual device's key.
var (
	ErrNotManual   = fault.New(fault.Conflict, "device-not-manual", "This device fetches its write key itself; nobody else is shown it.")
	ErrKeyShown    = fault.New(fault.Conflict, "device-key-shown", "The write key was shown already. Change it to get another.")
	ErrKeyPaused   = fault.New(fault.Conflict, "device-key-paused", "The device is paused. Resume it, then change its key.")
	ErrKeyNotReady = fault.New(fault.Conflict, "device-key-not-ready", "The channel is still being made. Ask for its key in a moment.")
	ErrKeyFixed    = fault.New(fault.Conflict, "device-key-fixed", "The service that keeps this channel cannot change its write key from here. Change it there.")
	ErrKeyUntil    = fault.New(fault.Unprocessable, "device-key-until", "The old key can end now or within thirty days.")
	ErrManualSold  = fault.New(fault.Conflict, "transfer-manual", "A device that cannot register has no way to learn its new owner's key. Offboard it, and let its new owner make another.")
)

// longestOverlap is how long an old write key may go on beside a new one.
const longestOverlap = 30 * 24 * time.Hour

var insertManual = `INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, kid, secret_sealed,
 connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
VALUES (?, ?, ?, ?, ?, ?, '', '', ?, ?, ?, ?, ?, ?, 1, '', 0, ?, ?, 1, ?)`

// MakeManual makes a manual device with its channel, and shows its write key this
// once. It wants the right to manage devices there and to hand out registration
// keys, as adding any device does.
func (s *Service) MakeManual(ctx context.Context, w Sketch) (h Handed, err error) {
	for _, act := range []policies.Action{policies.ManageDevice, policies.RevealRegistrationKey} {
		if err := s.Decider.Require(ctx, act, w.Org); err != nil {
			return h, err
		}
	}
	if w.Name, err = iam.ParseName(w.Name); err != nil {
		return h, err
	}
	tenant, err := s.Decider.TenantOf(ctx, w.Org)
	if err != nil {
		return h, err
	}
	by, err := s.connectorFor(ctx, w.Org)
	if err != nil {
		return h, err
	}
	d := Device{ID: iam.DeviceID(iam.NewID()), Tenant: tenant, Org: w.Org, Serial: "M-" + iam.RandomCode(8), Name: w.Name,
		Kind: string(connectors.KindOf("", string(w.Kind))), State: Active, Door: Manual, Connector: by.id, Version: 1, CreatedAt: s.micros()}
	var channel connectors.Channel
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		channel, err = by.provider.Create(ctx, tx, connectors.Wanted{Op: "board " + string(d.ID), By: by.id, Tenant: d.Tenant, Org: d.Org, Name: d.Name,
			Fields: connectors.Kind(d.Kind).Fields()})
		if err != nil {
			return err
		}
		if d.Channel, d.SealedAt = channel.ID, d.CreatedAt; channel.Pending {
			d.State, d.SealedAt = Provisioning, 0
		}
		if err := tx.Exec(insertManual, d.ID, d.Tenant, d.Org, d.Serial, d.Name, d.Kind, d.State, d.Door, string(d.Door)+":"+string(d.ID), []byte{},
			d.Connector, d.Channel, d.CreatedAt, d.SealedAt, d.CreatedAt).Error; err != nil {
			return err
		}
		return audit.Record(ctx, tx, "device.make", d.object(), audit.Detail{"serial": d.Serial, "channel": d.Channel})
	})
	if err != nil {
		return h, fmt.Errorf("make a manual device: %w", err)
	}
	s.publish(live.Device, d.Tenant, d.Org, string(d.ID))
	return handed(d.ID, channel), nil
}

func handed(id iam.DeviceID, c connectors.Channel) Handed {
	return Handed{ID: id, Channel: cmp.Or(c.Outside, c.ID), WriteKey: c.WriteKey, UpdateURL: c.UpdateURL}
}

// TakeWriteKey shows the first write key of a manual device whose channel was
// still being made when the device was. Whoever comes later hears ErrKeyShown and
// can change the key.
func (s *Service) TakeWriteKey(ctx context.Context, id iam.DeviceID) (h Handed, err error) {
	d, err := s.manual(ctx, id)
	if err != nil {
		return h, err
	}
	if d.SealedAt != 0 {
		return h, ErrKeyShown
	}
	provider, err := s.providerOf(ctx, s.DB, d.Connector)
	if err != nil {
		return h, err
	}
	var channel connectors.Channel
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if channel, err = provider.Keys(ctx, tx, d.Tenant, d.Channel); err != nil {
			return err
		}
		if channel.Pending || channel.WriteKey == "" {
			return ErrKeyNotReady
		}
		res, err := deviceProvisioned.Exec(ctx, tx, s.micros(), string(d.ID))
		if err := one(res, err); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "write-key.show", d.object(), audit.Detail{"channel": d.Channel})
	})
	if errors.Is(err, errRaced) {
		return h, ErrKeyShown
	}
	if err != nil {
		return h, err
	}
	s.Changed(d)
	return handed(d.ID, channel), nil
}

// ChangeWriteKey gives a manual device another write key and shows it this once.
// The old one works for the overlap; nil means until the new one has been used.
func (s *Service) ChangeWriteKey(ctx context.Context, id iam.DeviceID, overlap *time.Duration) (h Handed, err error) {
	d, err := s.manual(ctx, id)
	if err != nil {
		return h, err
	}
	if d.State == Suspended {
		return h, ErrKeyPaused
	}
	var until time.Time
	if overlap != nil {
		if *overlap < 0 || *overlap > longestOverlap {
			return h, ErrKeyUntil
		}
		until = s.Now().Add(*overlap)
	}
	provider, err := s.providerOf(ctx, s.DB, d.Connector)
	if err != nil {
		return h, err
	}
	keeper, ok := provider.(interface {
		ChangeWriteKey(ctx context.Context, tx *gorm.DB, channel string, until time.Time) (vault.Secret, error)
	})
	if !ok {
		return h, ErrKeyFixed
	}
	channel := connectors.Channel{ID: d.Channel}
	err = s.change(ctx, "write-key.change", d, audit.Detail{"channel": d.Channel, "old_until": ending(until)}, func(tx *gorm.DB) (bool, error) {
		if channel.WriteKey, err = keeper.ChangeWriteKey(ctx, tx, d.Channel, until); err != nil {
			return false, err
		}
		return true, tx.Exec("UPDATE devices SET version = version + 1 WHERE id = ?", d.ID).Error
	})
	return handed(d.ID, channel), err
}

// ending is how the trail tells until when an old key works.
func ending(until time.Time) string {
	if until.IsZero() {
		return "the new one is used"
	}
	return until.UTC().Format(time.RFC3339)
}

// manual is the device, for somebody who may give it keys.
func (s *Service) manual(ctx context.Context, id iam.DeviceID) (Device, error) {
	d, err := s.find(ctx, id, policies.ManageDevice)
	switch {
	case err != nil:
		return d, err
	case d.RemovedAt != nil:
		return d, ErrRetired
	case d.Door != Manual:
		return d, ErrNotManual
	}
	return d, nil
}
