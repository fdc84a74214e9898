package devices

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/orgs"
)

var insertDevice = migrations.SQL(`INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, key_id, kid, secret_sealed,
 connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, 1, ?) ON CONFLICT DO NOTHING`)

// board makes a device, its channel and its line in the trail in one
// transaction, and takes a use of the key. At the simple door no secret is
// drawn, for none is handed out there.
func (s *Service) board(ctx context.Context, c Call, k held, old known, v verdict) (h handout, err error) {
	giveBack, err := s.takePlace(c, k.ID)
	if err != nil {
		return h, err
	}
	defer func() {
		if err != nil {
			giveBack()
		}
	}()
	by, err := s.connectorFor(ctx, k.Org)
	if err != nil {
		return h, err
	}
	id := iam.DeviceID(iam.NewID())
	h = handout{kid: iam.RandomCode(16) + ".1", version: 1}
	if c.Door == Proved {
		h.secret = vault.Secret(wire.NewSecret())
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if v.act == replace {
			if err := s.dropIn(ctx, tx, old.Device); err != nil {
				return err
			}
		}
		if old.questionID != "" {
			if err := closeQuestion(ctx, tx, k.Tenant, c); err != nil {
				return err
			}
		}
		return s.boardIn(ctx, tx, c, k, by, id, &h, v.cause)
	})
	if errors.Is(err, orgs.ErrKeyClosed) {
		return h, s.refuse(ctx, c, k, "key-used-up")
	}
	if err != nil {
		return h, fmt.Errorf("board %s: %w", c.Serial, err)
	}
	if old.questionID != "" {
		s.publish(live.Join, k.Tenant, k.Org, string(old.questionID))
	}
	s.publish(live.Device, k.Tenant, k.Org, string(id))
	return h, nil
}

func (s *Service) boardIn(ctx context.Context, tx *gorm.DB, c Call, k held, by served, id iam.DeviceID, h *handout, why string) error {
	model, firmware := c.model()
	kind := connectors.KindOf(model, string(k.DeviceKind))
	channel, err := by.provider.Create(ctx, tx, connectors.Wanted{Op: "board " + string(id), By: by.id, Tenant: k.Tenant, Org: k.Org,
		Name: string(c.Serial), Fields: kind.Fields()})
	if err != nil {
		return err
	}
	h.provider, h.channel = by.provider.Name(), channel
	if c.Door == Proved && by.beside != nil {
		if h.agent, err = s.wantAgent(ctx, tx, *by.beside, "agent "+string(id), k.Tenant, k.Org, string(c.Serial)); err != nil {
			return err
		}
	}
	sealed := []byte{}
	if h.secret != "" {
		if sealed, err = s.Vault.Seal(tx, secretCell(k.Tenant, id), []byte(h.secret.Reveal())); err != nil {
			return err
		}
	}
	now, state := s.micros(), Active
	if channel.Pending || h.agent.Pending {
		state = Provisioning
	}
	res, err := insertDevice.Exec(ctx, tx, string(id), string(k.Tenant), string(k.Org), string(c.Serial), string(c.Serial), string(kind), model, firmware,
		string(state), string(c.Door), string(k.ID), h.kid, sealed, string(by.id), channel.ID, c.Address.String(), now, now, now, now)
	if err := one(res, err); err != nil {
		return err
	}
	if h.agent.ID != "" {
		if err := s.AddChannel(tx, id, by.beside.id, h.agent.ID); err != nil {
			return err
		}
	}
	if err := s.Orgs.TakeUse(ctx, tx, k.Key, why == "accepted"); err != nil {
		return err
	}
	return audit.Record(ctx, tx, "device.board", audit.Object{Tenant: string(k.Tenant), Org: string(k.Org), Type: "device", ID: string(id)},
		audit.Detail{"serial": c.Serial, "door": c.Door, "key": k.ID, "channel": channel.ID, "why": why})
}

var renewDevice = migrations.SQL(`UPDATE devices SET door = ?, key_id = ?, kid = ?, secret_sealed = ?, waiting_kid = ?, waiting_sealed = ?, version = version + ?,
 model = ?, firmware = ?, address = ?, called_at = ?, boarded_at = ?, sealed_at = ?, boardings = boardings + 1
WHERE id = ? AND boardings = ? AND state = 'active'`)

// renew is a further boarding: the channel and its write key stay, and at the
// proved door another secret waits beside the old one until it is used.
func (s *Service) renew(ctx context.Context, c Call, k held, d known, why string) (handout, error) {
	h, err := s.channelOf(ctx, d)
	if err != nil {
		return h, err
	}
	boardings := d.Boardings
	if d.Model, d.Firmware = c.model(); c.Door == Proved {
		h.secret = vault.Secret(wire.NewSecret())
		h.kid = base(d.Kid) + "." + strconv.FormatInt(boardings+1, 10)
		h.version++
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.keepSecret(tx, &d.Device, h); err != nil {
			return err
		}
		now := s.micros()
		res, err := renewDevice.Exec(ctx, tx, string(c.Door), string(k.ID), d.Kid, d.SecretSealed, d.WaitingKid, d.WaitingSealed, h.version-d.Version,
			d.Model, d.Firmware, c.Address.String(), now, now, now, string(d.ID), boardings)
		if err := one(res, err); err != nil {
			return err
		}
		if d.questionID != "" {
			if err := closeQuestion(ctx, tx, k.Tenant, c); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, "device.board-again", d.object(), audit.Detail{"serial": c.Serial, "door": c.Door, "key": k.ID, "why": why})
	})
	if err != nil {
		return h, fmt.Errorf("board %s again: %w", c.Serial, err)
	}
	s.publish(live.Device, d.Tenant, d.Org, string(d.ID))
	return h, nil
}

// keepSecret seals a new secret into d: as the waiting one, or as the only one
// where the device had none.
func (s *Service) keepSecret(tx *gorm.DB, d *Device, h handout) (err error) {
	if h.secret == "" {
		return nil
	}
	if len(d.SecretSealed) == 0 {
		d.Kid = h.kid
		d.SecretSealed, err = s.Vault.Seal(tx, secretCell(d.Tenant, d.ID), []byte(h.secret.Reveal()))
		return err
	}
	d.WaitingKid = &h.kid
	d.WaitingSealed, err = s.Vault.Seal(tx, waitingCell(d.Tenant, d.ID), []byte(h.secret.Reveal()))
	return err
}
