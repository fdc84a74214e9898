package devices

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
)

// ErrNameTaken is for agents, which their tenant's people call by name.
var ErrNameTaken = fault.New(fault.Conflict, "agent-name-taken", "There is an agent with this name already.")

// A Newcomer is a device that is made by its owner before it comes aboard.
type Newcomer struct {
	Tenant    iam.OrgID
	Org       iam.OrgID
	Serial    string
	Name      string
	Door      Door
	Kind      connectors.Kind
	Connector connectors.ID
}

var announceDevice = `INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, kid, secret_sealed,
 connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
VALUES (?, ?, ?, ?, ?, ?, '', '', ?, ?, ?, ?, ?, ?, 1, '', 0, 0, 0, 0, ?)`

// Announce makes the device and its channel in the caller's transaction. A name
// that another agent of the tenant has is ErrNameTaken.
func (s *Service) Announce(ctx context.Context, tx *gorm.DB, n Newcomer) (Device, error) {
	d := Device{ID: iam.DeviceID(iam.NewID()), Tenant: n.Tenant, Org: n.Org, Serial: n.Serial, Name: n.Name, Kind: string(n.Kind), State: Announced,
		Door: n.Door, Connector: n.Connector, Version: 1, CreatedAt: s.micros()}
	provider, err := s.providerOf(ctx, tx, n.Connector)
	if err != nil {
		return d, err
	}
	channel, err := provider.Create(ctx, tx, connectors.Wanted{Op: "board " + string(d.ID), By: n.Connector, Tenant: n.Tenant, Org: n.Org, Name: n.Name, Fields: n.Kind.Fields()})
	if err != nil {
		return d, err
	}
	d.Channel = channel.ID
	err = tx.Exec(announceDevice, d.ID, d.Tenant, d.Org, d.Serial, d.Name, d.Kind, d.State, d.Door, string(n.Door)+":"+d.Serial, []byte{}, d.Connector, d.Channel, d.CreatedAt).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return d, ErrNameTaken
	}
	if err != nil {
		return d, fmt.Errorf("announce %s: %w", n.Serial, err)
	}
	return d, nil
}

// RetireIn removes a device in the caller's transaction, who has asked whether
// it may be and writes the trail's line.
func (s *Service) RetireIn(ctx context.Context, tx *gorm.DB, d Device) (changed bool, err error) {
	res := tx.Exec("UPDATE devices SET state = ?, removed_at = ? WHERE id = ? AND removed_at IS NULL", Retired, s.micros(), d.ID)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	// What was asked about it before is answered by this.
	if err := tx.Exec("DELETE FROM join_requests WHERE tenant_id = ? AND serial = ? AND state <> ?", d.Tenant, d.Serial, declined).Error; err != nil {
		return false, err
	}
	return true, s.eachChannel(ctx, tx, d, func(provider connectors.Provider, channel string) error { return provider.Close(ctx, tx, channel) })
}

// Object is the device as the trail names it.
func (d Device) Object() audit.Object { return d.object() }

// Changed tells those who watch that the device is not as it was.
func (s *Service) Changed(d Device) { s.publish(live.Device, d.Tenant, d.Org, string(d.ID)) }
