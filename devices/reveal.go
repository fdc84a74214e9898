package devices

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// RevealReadKey shows the actor his own read key of the device's channel, made
// when he first asks, and writes that into the trail.
func (s *Service) RevealReadKey(ctx context.Context, id iam.DeviceID) (key vault.Secret, err error) {
	d, err := s.find(ctx, id, policies.RevealReadKey)
	if err != nil {
		return "", err
	}
	if d.RemovedAt != nil {
		return "", ErrRetired
	}
	who := audit.ActorFrom(ctx)
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		key, err = s.Channels.RevealReadKey(ctx, tx, d.Channel, iam.UserID(who.ID), who.Name)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, "read-key.reveal", d.object(), audit.Detail{"channel": d.Channel})
	})
	return key, err
}
