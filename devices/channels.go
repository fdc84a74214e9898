package devices

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
)

// Copies are what we have of channels that a service outside keeps.
type Copies interface {
	// Copies tells how good they are, by what their devices know the channels by.
	Copies(ctx context.Context, channels []string) (map[string]connectors.Copy, error)

	// Look is Copies for somebody who looks at one channel, which is made good for him.
	Look(ctx context.Context, channel string) (connectors.Copy, error)
}

// copies tells how good those of the channels are that are kept elsewhere.
func (s *Service) copies(ctx context.Context, all []string) (map[string]connectors.Copy, error) {
	var elsewhere []string
	for _, c := range all {
		if channels.Elsewhere(c) && c != "" {
			elsewhere = append(elsewhere, c)
		}
	}
	if s.Outside == nil || len(elsewhere) == 0 {
		return nil, nil
	}
	return s.Outside.Copies(ctx, elsewhere)
}

// lookAt has a channel that is kept elsewhere made good for who looks at it.
func (s *Service) lookAt(ctx context.Context, channel string) error {
	if s.Outside == nil || !channels.Elsewhere(channel) || channel == "" {
		return nil
	}
	_, err := s.Outside.Look(ctx, channel)
	return err
}

// Heard is a channel's summary with the moment as of which it can be judged: that
// of a copy is no newer than the copy.
type Heard struct {
	channels.Summary
	AsOf time.Time
}

// HeardOf sums up channels for whoever judges devices by them.
func (s *Service) HeardOf(ctx context.Context, all []string) (map[string]Heard, error) {
	sums, err := s.Channels.Summaries(ctx, all)
	if err != nil {
		return nil, err
	}
	copies, err := s.copies(ctx, all)
	if err != nil {
		return nil, err
	}
	now, heard := s.Now(), make(map[string]Heard, len(all))
	for _, c := range all {
		heard[c] = Heard{sums[c], asOf(copies[c], now)}
	}
	return heard, nil
}

func asOf(c connectors.Copy, now time.Time) time.Time {
	if c.At.IsZero() {
		return now
	}
	return c.At
}

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
