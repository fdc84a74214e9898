package devices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// errProvisioning says that the device's channel is being made outside. The
// device comes again; nothing was handed out.
var errProvisioning = errors.New("the channel is being made")

// errLost says that it was deleted outside.
var errLost = errors.New("the channel was deleted outside")

// askForChannel is when a device whose channel is being made comes again; a service
// outside takes a second or two, as a rule.
const askForChannel = 5 * time.Second

var (
	deviceProvisioned = migrations.SQL(`UPDATE devices SET state = 'active', sealed_at = ? WHERE id = ? AND state IN ('provisioning', 'lost')`)
	deviceLost        = migrations.SQL(`UPDATE devices SET state = 'lost' WHERE channel_id = ? AND tenant_id = ? AND state IN ('active', 'provisioning')`)
	deviceRevived     = migrations.SQL(`UPDATE devices SET state = 'provisioning', channel_id = ?, connector_id = ?, version = version + 1 WHERE id = ? AND channel_id = ? AND state IN ('lost', 'active', 'provisioning')`)
	newCredentials    = migrations.SQL(`UPDATE devices SET version = version + 1 WHERE channel_id = ? AND tenant_id = ?`)
	newBoarding       = migrations.SQL(`UPDATE devices SET version = version + 1 WHERE id IN (SELECT device_id FROM device_channels WHERE channel_id = ?) AND tenant_id = ?`)
	deviceOfChannel   = migrations.SQL(`SELECT id, org_id FROM devices WHERE channel_id = ? AND tenant_id = ? AND removed_at IS NULL
UNION ALL SELECT d.id, d.org_id FROM device_channels m JOIN devices d ON d.id = m.device_id WHERE m.channel_id = ? AND d.tenant_id = ? AND d.removed_at IS NULL`)
)

// provisioned notes that a device whose channel was being made, or was missed and
// is there again, is about to hear of it: from now on it is active, and the time
// in which a lost answer is given again begins.
func (s *Service) provisioned(ctx context.Context, d known) error {
	if d.State != Provisioning && d.State != Lost {
		return nil
	}
	res, err := deviceProvisioned.Exec(ctx, s.DB.WithContext(ctx), s.micros(), string(d.ID))
	if err := one(res, err); err != nil {
		return err
	}
	s.publish(live.Device, d.Tenant, d.Org, string(d.ID))
	return nil
}

// revive wishes for another channel in place of one that was deleted outside.
func (s *Service) revive(ctx context.Context, d known) error {
	by, err := s.connectorFor(ctx, d.Org)
	if err != nil {
		return err
	}
	var whole Device
	if err := s.DB.WithContext(ctx).Where("id = ?", d.ID).Take(&whole).Error; err != nil {
		return fmt.Errorf("revive %s: %w", d.ID, err)
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		channel, err := by.provider.Create(ctx, tx, connectors.Wanted{Op: "after " + d.Channel, By: by.id, Tenant: d.Tenant, Org: d.Org, Name: whole.Name,
			Fields: connectors.Kind(whole.Kind).Fields()})
		if err != nil {
			return err
		}
		res, err := deviceRevived.Exec(ctx, tx, channel.ID, string(by.id), string(d.ID), d.Channel)
		if err := one(res, err); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "device.channel-again", d.object(), audit.Detail{"serial": d.Serial, "lost": d.Channel, "channel": channel.ID})
	})
	if err != nil {
		return fmt.Errorf("revive %s: %w", d.ID, err)
	}
	return errRaced // it is looked at anew
}

// ChannelNews takes, in the desk's transaction, what became of a channel outside.
func (s *Service) ChannelNews(ctx context.Context, tx *gorm.DB, n connectors.News) error {
	what := []migrations.Statement{newCredentials, newBoarding}
	switch n.Kind {
	case connectors.NewsReady:
		return nil // the device hears of it when it calls
	case connectors.NewsLost:
		what = []migrations.Statement{deviceLost} // who loses an agent still has its channel
	}
	for _, st := range what {
		if _, err := st.Exec(ctx, tx, n.Channel, string(n.Tenant)); err != nil {
			return fmt.Errorf("take news of channel %s: %w", n.Channel, err)
		}
	}
	return nil
}

// ChannelTold lets those who watch the device see that something changed.
func (s *Service) ChannelTold(n connectors.News) {
	var id, org string
	ctx := context.Background()
	if err := deviceOfChannel.Row(ctx, s.DB, n.Channel, string(n.Tenant), n.Channel, string(n.Tenant)).Scan(&id, &org); err == nil {
		s.publish(live.Device, n.Tenant, iam.OrgID(org), id)
	}
}
