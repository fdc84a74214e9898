package devices

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/orgs"
	"halfkey/policies"
)

// Bought is the door of a device that its new owner has taken over and that has
// not called since: it may come by either.
const Bought Door = "bought"

// AcceptTransfer takes a device over into a place of one's own. Nothing of the
// old owner's opens it any more: it gets a channel of the new owner's, its old
// keys and its secret are dead, and it comes aboard again with a registration
// key of the place, which is accepted beforehand. What it measured before stays
// with the old owner, as the history of a removed device. It takes an owner of
// the tenant. It fails with ErrTransferUnknown, ErrTransferVoid or ErrSerialThere.
func (s *Service) AcceptTransfer(ctx context.Context, id iam.TransferID, into iam.OrgID) (iam.DeviceID, error) {
	t, d, err := s.onOffer(ctx, id)
	if err != nil {
		return "", err
	}
	if err := s.Decider.Require(ctx, policies.TransferDevice, iam.OrgID(t.ToTenantID)); err != nil {
		return "", ErrTransferUnknown
	}
	tenant, err := s.Decider.TenantOf(ctx, into)
	if err != nil {
		return "", err
	}
	// Who runs the platform may hand devices over and looks into no home: he takes none over for it.
	if tenant != iam.OrgID(t.ToTenantID) || !s.Decider.May(ctx, policies.TransferDevice, into) || !s.Decider.May(ctx, policies.ReadDevice, into) {
		return "", ErrElsewhere
	}
	if !s.Decider.MayUser(ctx, iam.UserID(t.OfferedBy), policies.TransferDevice, d.Org, d.ID) {
		return "", ErrTransferVoid
	}
	var key orgs.Key
	if orgs.Rehearsing(ctx) == nil { // before the deed: if that fails, a key too many is no harm
		if key, err = s.Orgs.EnsureKey(ctx, into); err != nil {
			return "", err
		}
	}
	return s.sell(ctx, d, t, into, key.ID)
}

// sell runs the deed itself.
func (s *Service) sell(ctx context.Context, d Device, t transferRow, into iam.OrgID, key iam.KeyID) (iam.DeviceID, error) {
	by, err := s.connectorFor(ctx, into)
	if err != nil {
		return "", err
	}
	var became iam.DeviceID
	deed := orgs.Deed{Verb: "device.sell", Object: d.object(), Area: orgs.Area{Device: d.ID, Became: &became},
		Also: []orgs.KeyChange{{Kind: orgs.WriteKey, What: orgs.Ends, Name: d.Name, Device: d.ID}}}
	deed.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if gone, err := s.RetireIn(ctx, tx, d); err != nil || !gone {
			return nil, errors.Join(ErrTransferUnknown, err)
		}
		if err := tx.Exec("UPDATE devices SET secret_sealed = ?, waiting_kid = NULL, waiting_sealed = NULL WHERE id = ?", []byte{}, d.ID).Error; err != nil {
			return nil, err
		}
		if err := tx.Exec("UPDATE assignments SET status = 'ended', ended_at = ?, ended_by = ?, end_reason = 'sold' WHERE device_id = ? AND ended_at IS NULL",
			s.micros(), audit.ActorFrom(ctx).ID, d.ID).Error; err != nil {
			return nil, err
		}
		bought, err := s.buy(ctx, tx, d, t, into, by)
		if err != nil {
			return nil, err
		}
		if became = bought.ID; key != "" {
			if err := s.expect(ctx, tx, bought, key); err != nil {
				return nil, err
			}
			if err := s.close(ctx, tx, t, "accepted", &became); err != nil {
				return nil, err
			}
		}
		if orgs.Rehearsing(ctx) == nil {
			if err := audit.Record(ctx, tx, "device.buy", bought.object(), audit.Detail{"serial": d.Serial, "from": string(d.Tenant), "transfer": t.ID, "channel": bought.Channel}); err != nil {
				return nil, err
			}
		}
		return audit.Detail{"serial": d.Serial, "to": t.ToTenantID, "transfer": t.ID}, nil
	}
	if err := s.Orgs.Perform(ctx, &deed); err != nil || orgs.Rehearsing(ctx) != nil {
		return "", err
	}
	s.publish(live.Device, d.Tenant, d.Org, string(d.ID))
	s.publish(live.Device, iam.OrgID(t.ToTenantID), into, string(became))
	return became, nil
}

var insertBought = `INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, kid, secret_sealed,
 connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?, 1, '', 0, 0, 0, 0, ?)`

// buy makes the device anew at its new owner's, with a channel of his.
func (s *Service) buy(ctx context.Context, tx *gorm.DB, d Device, t transferRow, into iam.OrgID, by served) (Device, error) {
	b := Device{ID: iam.DeviceID(iam.NewID()), Tenant: iam.OrgID(t.ToTenantID), Org: into, Serial: d.Serial, Name: d.Name, Kind: d.Kind, Model: d.Model, Firmware: d.Firmware,
		State: Active, Door: Bought, Connector: by.id, Version: 1, CreatedAt: s.micros()}
	channel, err := by.provider.Create(ctx, tx, connectors.Wanted{Op: "board " + string(b.ID), By: by.id, Tenant: b.Tenant, Org: b.Org, Name: b.Name,
		Fields: connectors.Kind(b.Kind).Fields()})
	if err != nil {
		return b, err
	}
	b.Channel = channel.ID
	err = tx.Exec(insertBought, b.ID, b.Tenant, b.Org, b.Serial, b.Name, b.Kind, b.Model, b.Firmware, b.Door, iam.RandomCode(16)+".0", []byte{}, b.Connector, b.Channel, b.CreatedAt).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return b, ErrSerialThere
	}
	if err != nil {
		return b, fmt.Errorf("buy %s: %w", d.Serial, err)
	}
	return b, nil
}

// expect lets the device come aboard with the key, as if its owner had been
// asked and had said yes.
func (s *Service) expect(ctx context.Context, tx *gorm.DB, b Device, key iam.KeyID) error {
	if err := tx.Exec("DELETE FROM join_requests WHERE tenant_id = ? AND serial = ?", b.Tenant, b.Serial).Error; err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO join_requests (tenant_id, serial, id, key_id, org_id, device_id, door, address, model, state, first_at, asked_at, decided_at, decided_by)
VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)`, b.Tenant, b.Serial, iam.NewID(), key, b.Org, b.ID, Simple, b.Model, accepted, b.CreatedAt, b.CreatedAt, b.CreatedAt,
		audit.ActorFrom(ctx).ID).Error
}
