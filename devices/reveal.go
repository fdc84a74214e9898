package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// MayHaveReadKey tells whether a person may have a read key of a channel that
// lies in a place: of all there, or of the channel's device alone.
func (s *Service) MayHaveReadKey(ctx context.Context, user iam.UserID, org iam.OrgID, channel string) bool {
	if s.Decider.MayUser(ctx, user, policies.RevealReadKey, org, "") {
		return true
	}
	var id iam.DeviceID
	err := s.DB.WithContext(ctx).Raw("SELECT id FROM devices WHERE channel_id = ? AND removed_at IS NULL", channel).Scan(&id).Error
	return err == nil && id != "" && s.Decider.MayUser(ctx, user, policies.RevealReadKey, org, id)
}

// RevealReadKey shows the actor his own read key of the device's channel, made
// when he first asks, and writes that into the trail. Of a channel that a service
// outside keeps it is that service's, or connectors.ErrReadKey.
func (s *Service) RevealReadKey(ctx context.Context, id iam.DeviceID) (key vault.Secret, err error) {
	d, err := s.find(ctx, id, policies.RevealReadKey)
	if err != nil {
		return "", err
	}
	if d.RemovedAt != nil {
		return "", ErrRetired
	}
	if _, err := iam.PersonIn(ctx); err != nil {
		return "", err // a key of one's own; a program reads by the API
	}
	who := audit.ActorFrom(ctx)
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if channels.Elsewhere(d.Channel) {
			key, err = s.readKeyOutside(ctx, tx, d)
		} else {
			key, err = s.Channels.RevealReadKey(ctx, tx, d.Channel, iam.UserID(who.ID), who.Name)
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, "read-key.reveal", d.object(), audit.Detail{"channel": d.Channel})
	})
	return key, err
}

// readKeyOutside is what the service that keeps a channel lets others read it with.
func (s *Service) readKeyOutside(ctx context.Context, tx *gorm.DB, d Device) (vault.Secret, error) {
	provider, err := s.providerOf(ctx, tx, d.Connector)
	if err != nil {
		return "", err
	}
	shows, ok := provider.(interface {
		ReadKey(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, id string) (vault.Secret, error)
	})
	if !ok {
		return "", connectors.ErrReadKey
	}
	return shows.ReadKey(ctx, tx, d.Tenant, d.Channel)
}
