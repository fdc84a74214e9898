package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// A keyEntry is what a key opens.
type keyEntry struct {
	key     string
	digest  []byte
	channel ID
	kind    string
	user    iam.UserID // whose read key it is, or empty
	usedAt  time.Time
	used    atomic.Bool // for a write key: a value came with it
}

var keyOfDigest = migrations.SQL(`SELECT channel_id, kind, user_id, used_at FROM channel_keys WHERE digest = ? AND ` + keyWorks)

// lookup asks the database what a key opens; ErrKey if nothing.
func (s *Store) lookup(ctx context.Context, key string) (*keyEntry, error) {
	k := keyEntry{key: key, digest: s.digest(key)}
	var user sql.NullString
	var used *int64
	switch err := keyOfDigest.Row(ctx, s.db(ctx), k.digest, iam.Micros(s.Now())).Scan(&k.channel, &k.kind, &user, &used); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrKey
	case err != nil:
		return nil, fmt.Errorf("find a key: %w", err)
	}
	k.user = iam.UserID(user.String)
	k.usedAt = iam.TimeOrZero(used)
	k.used.Store(used != nil)
	return &k, nil
}

// maxKnown bounds the memory: about 3 MB.
const maxKnown = 16384

// keys remembers write keys that were good. It never holds one that was not.
type keys struct {
	mu sync.RWMutex
	of map[string]*keyEntry
}

func (c *keys) get(key string) *keyEntry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.of[key]
}

func (c *keys) put(key string, k *keyEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]*keyEntry{}
	}
	for old := range c.of {
		if len(c.of) < maxKnown {
			break
		}
		delete(c.of, old) // any will do
	}
	c.of[key] = k
}

func (c *keys) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, key)
}
