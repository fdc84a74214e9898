package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

var keyOfID = migrations.SQL(`SELECT id, tenant_id, sealed, used_at FROM channel_keys WHERE channel_id = ? AND id = ? AND ` + keyWorks)

// OpenKey is one key of the channel that works, for somebody whose right to see
// it was judged and is on record. It fails with connectors.ErrChannel.
func (s *Store) OpenKey(ctx context.Context, tx *gorm.DB, channel string, key iam.KeyID) (vault.Secret, error) {
	id, err := numbered(channel)
	if err != nil {
		return "", err
	}
	var k keyRow
	switch err := keyOfID.Row(ctx, tx, int64(id), string(key), iam.Micros(s.Now())).Scan(&k.id, &k.tenant, &k.sealed, &k.used); {
	case errors.Is(err, sql.ErrNoRows):
		return "", connectors.ErrChannel
	case err != nil:
		return "", fmt.Errorf("find key %s: %w", key, err)
	}
	return s.open(tx, k)
}

// KeyMAC is what the tables, and the trail, know a key by.
func (s *Store) KeyMAC(key vault.Secret) []byte { return s.digest(key.Reveal()) }
