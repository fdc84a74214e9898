package devices

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
)

// AddChannel gives a device one more channel, in which it keeps what does not
// go into its own. It is held, moved and closed with the device.
func (s *Service) AddChannel(tx *gorm.DB, id iam.DeviceID, connector connectors.ID, channel string) error {
	err := tx.Exec("INSERT INTO device_channels (device_id, channel_id, connector_id) VALUES (?, ?, ?)", id, channel, connector).Error
	if err != nil {
		return fmt.Errorf("add a channel to %s: %w", id, err)
	}
	return nil
}

// MoreChannels are those beside the device's own, in the order of their making.
func (s *Service) MoreChannels(tx *gorm.DB, id iam.DeviceID) (channels []string, err error) {
	err = tx.Raw("SELECT channel_id FROM device_channels WHERE device_id = ? ORDER BY CAST(channel_id AS BIGINT)", id).Scan(&channels).Error
	return channels, err
}

// eachChannel does something with every channel of the device, its own first.
func (s *Service) eachChannel(ctx context.Context, tx *gorm.DB, d Device, do func(connectors.Provider, string) error) error {
	provider, err := s.providerOf(ctx, tx, d.Connector)
	if err != nil {
		return err
	}
	if err := do(provider, d.Channel); err != nil {
		return err
	}
	var more []struct {
		ChannelID   string
		ConnectorID connectors.ID
	}
	if err := tx.Raw("SELECT channel_id, connector_id FROM device_channels WHERE device_id = ?", d.ID).Scan(&more).Error; err != nil {
		return fmt.Errorf("channels of %s: %w", d.ID, err)
	}
	for _, m := range more {
		provider, err := s.providerOf(ctx, tx, m.ConnectorID)
		if err != nil {
			return err
		}
		if err := do(provider, m.ChannelID); err != nil {
			return err
		}
	}
	return nil
}
