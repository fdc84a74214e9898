package devices

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/migrations"
)

// Beside its channel a device of the proved door may be an agent on a platform
// elsewhere, where a connector of its place makes agents. It is a channel more to
// it (see AddChannel), and its key is what the device boards with there. At the
// simple door there is no room for that in the answer.

func (s *Service) wantAgent(ctx context.Context, tx *gorm.DB, by served, op string, tenant, org iam.OrgID, name string) (connectors.Channel, error) {
	return by.provider.Create(ctx, tx, connectors.Wanted{Op: op, By: by.id, Tenant: tenant, Org: org, Name: name})
}

var (
	selectAgentOf = migrations.SQL(`SELECT channel_id, connector_id FROM device_channels WHERE device_id = ?`)
	anotherAgent  = migrations.SQL(`UPDATE device_channels SET channel_id = ?, connector_id = ? WHERE device_id = ? AND channel_id = ?`)
)

// agentOf is what the device is elsewhere, the zero channel for nothing. A device
// that has heard of nothing yet waits until that is made, another does not: it has
// a channel that works.
func (s *Service) agentOf(ctx context.Context, d known) (connectors.Channel, error) {
	var agent string
	var by connectors.ID
	if d.Device.Door != Proved {
		return connectors.Channel{}, nil
	}
	switch err := selectAgentOf.Row(ctx, s.DB.WithContext(ctx), string(d.ID)).Scan(&agent, &by); {
	case errors.Is(err, sql.ErrNoRows):
		return connectors.Channel{}, nil
	case err != nil:
		return connectors.Channel{}, fmt.Errorf("agent of %s: %w", d.ID, err)
	}
	provider, err := s.providerOf(ctx, s.DB, by)
	if err != nil {
		return connectors.Channel{}, err
	}
	c, err := provider.Keys(ctx, s.DB.WithContext(ctx), d.Tenant, agent)
	switch {
	case err != nil:
		return c, fmt.Errorf("agent of %s: %w", d.ID, err)
	case c.Lost:
		return connectors.Channel{}, s.reviveAgent(ctx, d, agent)
	case c.Pending && d.State == Provisioning:
		return c, errProvisioning
	case c.Pending:
		return connectors.Channel{}, nil
	}
	return c, nil
}

// reviveAgent wishes for another agent in place of one that was deleted elsewhere.
func (s *Service) reviveAgent(ctx context.Context, d known, lost string) error {
	by, err := s.connectorFor(ctx, d.Org)
	if err != nil || by.beside == nil {
		return err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		c, err := s.wantAgent(ctx, tx, *by.beside, "after "+lost, d.Tenant, d.Org, d.Serial)
		if err != nil {
			return err
		}
		res, err := anotherAgent.Exec(ctx, tx, c.ID, string(by.beside.id), string(d.ID), lost)
		if err := one(res, err); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "device.channel-again", d.object(), audit.Detail{"serial": d.Serial, "lost": lost, "channel": c.ID})
	})
	if err != nil && !errors.Is(err, errRaced) {
		return fmt.Errorf("revive the agent of %s: %w", d.ID, err)
	}
	return nil
}
