package channels

import (
	"context"
	"fmt"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// Access is the channel, if it is public or the key is one of its own, write or
// read; else ErrKey. A channel that is not there is connectors.ErrChannel.
func (s *Store) Access(ctx context.Context, id ID, key string) (Channel, error) {
	c, err := s.Find(ctx, id)
	if err != nil || c.Public {
		return c, err
	}
	if !looksLikeKey(key) {
		return Channel{}, ErrKey
	}
	k, err := s.lookup(ctx, key)
	if err != nil {
		return Channel{}, err
	}
	if k.channel != id || k.user != "" && s.MayRead != nil && !s.MayRead(ctx, k.user, c.Org, id.String()) {
		return Channel{}, ErrKey
	}
	if k.kind == kindRead {
		return c, s.noteRead(ctx, k)
	}
	return c, nil
}

// usedWithin is how exactly the last use of a read key is known.
const usedWithin = time.Hour

var noteRead = migrations.SQL(`UPDATE channel_keys SET used_at = ? WHERE digest = ?`)

func (s *Store) noteRead(ctx context.Context, k *keyEntry) error {
	now := s.Now()
	if now.Sub(k.usedAt) < usedWithin {
		return nil
	}
	if _, err := noteRead.Exec(ctx, s.db(ctx), iam.Micros(now), k.digest); err != nil {
		return fmt.Errorf("note a read key's use: %w", err)
	}
	return nil
}
