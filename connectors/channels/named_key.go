package channels

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// MaxNamedKeys is how many named read keys one person has of a channel at most.
const MaxNamedKeys = 20

// ErrNamedKeys says that somebody has as many read keys of a channel as he can.
var ErrNamedKeys = fault.New(fault.Conflict, "read-keys-many", "You have twenty read keys of this channel. Revoke one that nothing uses any more.")

var (
	countNamed = migrations.SQL(`SELECT count(*) FROM channel_keys WHERE channel_id = ? AND user_id = ? AND named AND revoked_at IS NULL`)
	nameKey    = migrations.SQL(`UPDATE channel_keys SET named = TRUE WHERE digest = ?`)
)

// AddReadKey makes the person one more read key of the channel, named after what
// will read with it, and shows it this once. It works as long as he may read.
func (s *Store) AddReadKey(ctx context.Context, tx *gorm.DB, channel string, user iam.UserID, label string) (vault.Secret, error) {
	id, err := numbered(channel)
	if err != nil {
		return "", err
	}
	c, err := findChannel(ctx, tx, channelOfID, int64(id))
	if err != nil {
		return "", err
	}
	var n int
	if err := countNamed.Row(ctx, tx, int64(id), string(user)).Scan(&n); err != nil {
		return "", fmt.Errorf("count read keys: %w", err)
	}
	if n >= MaxNamedKeys {
		return "", ErrNamedKeys
	}
	key, err := s.addKey(ctx, tx, c.Tenant, id, kindRead, label, user)
	if err != nil {
		return "", err
	}
	if _, err := nameKey.Exec(ctx, tx, s.digest(key.Reveal())); err != nil {
		return "", fmt.Errorf("name a read key: %w", err)
	}
	return key, nil
}
