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
	nameKey    = migrations.SQL(`UPDATE channel_keys SET named = TRUE WHERE digest = ? RETURNING id, created_at`)
)

// AddReadKey makes the person one more read key of the channel, named after what
// will read with it, and shows it this once. It works as long as he may read.
func (s *Store) AddReadKey(ctx context.Context, tx *gorm.DB, channel string, user iam.UserID, label string) (made ReadKey, key vault.Secret, err error) {
	id, err := numbered(channel)
	if err != nil {
		return made, "", err
	}
	c, err := findChannel(ctx, tx, channelOfID, int64(id))
	if err != nil {
		return made, "", err
	}
	var n int
	if err := countNamed.Row(ctx, tx, int64(id), string(user)).Scan(&n); err != nil {
		return made, "", fmt.Errorf("count read keys: %w", err)
	}
	if n >= MaxNamedKeys {
		return made, "", ErrNamedKeys
	}
	if key, err = s.addKey(ctx, tx, c.Tenant, id, kindRead, label, user); err != nil {
		return made, "", err
	}
	made = ReadKey{Channel: channel, User: user, Label: label, Named: true}
	var at int64
	if err := nameKey.Row(ctx, tx, s.digest(key.Reveal())).Scan(&made.ID, &at); err != nil {
		return made, "", fmt.Errorf("name a read key: %w", err)
	}
	made.Created = iam.Time(at)
	return made, key, nil
}
