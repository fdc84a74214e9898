package devices

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/migrations"
)

var (
	holdDevice     = migrations.SQL(`UPDATE devices SET state = state WHERE id = ? AND boardings = ? AND state = 'active' AND door = 'simple'`)
	forgetQuestion = migrations.SQL(`UPDATE join_requests SET device_id = NULL WHERE device_id = ?`)
	deleteDevice   = migrations.SQL(`DELETE FROM devices WHERE id = ?`)
)

// drop takes back a boarding at the simple door that nobody used: device and
// channel go, the key gets its use back, and no tombstone stays, for the owner
// decided nothing.
func (s *Service) drop(ctx context.Context, d Device) error {
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return s.dropIn(ctx, tx, d) })
	if errors.Is(err, errRaced) {
		return nil // it was used, renewed or removed meanwhile
	}
	if err != nil {
		return fmt.Errorf("drop %s: %w", d.ID, err)
	}
	s.publish(live.Device, d.Tenant, d.Org, string(d.ID))
	return nil
}

// dropIn is drop inside a transaction. It holds the device first, as everything
// does that changes one, and looks at its use only when the channel is closed:
// on PostgreSQL a first value may be on its way until then.
func (s *Service) dropIn(ctx context.Context, tx *gorm.DB, d Device) error {
	res, err := holdDevice.Exec(ctx, tx, string(d.ID), d.Boardings)
	if err := one(res, err); err != nil {
		return err
	}
	if _, err := forgetQuestion.Exec(ctx, tx, string(d.ID)); err != nil {
		return err
	}
	provider, err := s.providerOf(ctx, tx, d.Connector)
	if err != nil {
		return err
	}
	if err := provider.Close(ctx, tx, d.Channel); err != nil {
		return err
	}
	used, err := provider.WriteKeyUsed(ctx, tx, d.Channel)
	if err == nil && used {
		err = errRaced
	}
	if err != nil {
		return err
	}
	if _, err := deleteDevice.Exec(ctx, tx, string(d.ID)); err != nil {
		return err
	}
	if err := s.Orgs.GiveUseBack(tx, d.Key); err != nil {
		return err
	}
	return audit.Record(ctx, tx, "device.drop", d.object(), audit.Detail{"serial": d.Serial, "key": d.Key, "why": "never-used"})
}

// Sweep drops what came by the simple door and was not used within a day, and
// forgets questions that nobody answered. Call it every few minutes; it looks
// at each boarding once.
func (s *Service) Sweep(ctx context.Context) error {
	until := iam.Micros(s.Now().Add(-unusedLife))
	at := sweepAt{boarded: s.swept.Load()}
	for {
		var page []Device
		err := s.DB.WithContext(ctx).Where("door = 'simple' AND removed_at IS NULL AND boarded_at <= ? AND (boarded_at > ? OR boarded_at = ? AND id > ?)",
			until, at.boarded, at.boarded, at.id).Order("boarded_at, id").Limit(200).Find(&page).Error
		if err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if len(page) == 0 {
			s.swept.Store(until)
			return s.lapse(ctx)
		}
		for _, d := range page {
			if err := s.sweepOne(ctx, d); err != nil {
				return fmt.Errorf("sweep: %w", err)
			}
			at = sweepAt{d.BoardedAt, d.ID}
		}
	}
}

type sweepAt struct {
	boarded int64
	id      iam.DeviceID
}

// sweepOne spares devices in use the writer's turn.
func (s *Service) sweepOne(ctx context.Context, d Device) error {
	if d.State != Active {
		return nil
	}
	provider, err := s.providerOf(ctx, s.DB, d.Connector)
	if err != nil {
		return err
	}
	if used, err := provider.WriteKeyUsed(ctx, s.DB, d.Channel); err != nil || used {
		return err
	}
	return s.drop(ctx, d)
}

// lapse forgets questions that are over: those nobody answered, and an owner's
// yes that nobody came for.
func (s *Service) lapse(ctx context.Context) error {
	old := iam.Micros(s.Now().Add(-question))
	return s.DB.WithContext(ctx).Exec(`DELETE FROM join_requests WHERE state IN ('waiting', 'boarded') AND asked_at <= ? OR state = 'accepted' AND decided_at <= ?`,
		old, iam.Micros(s.Now().Add(-acceptance))).Error
}
