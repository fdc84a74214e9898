package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// A ReadKey is one that opens a channel for reading, without the key itself.
type ReadKey struct {
	ID      iam.KeyID
	Channel string
	User    iam.UserID // whose it is; empty for one that came with an account's channel
	Label   string
	Named   bool // beside the person's own one, after what reads with it
	Created time.Time
	Used    time.Time // to the hour; zero if never
}

var (
	ownReadKey = migrations.SQL(`SELECT id, tenant_id, sealed, used_at FROM channel_keys
WHERE channel_id = ? AND kind = 'read' AND user_id = ? AND NOT named AND revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1`)
	readKeys = migrations.SQL(`SELECT id, channel_id, user_id, label, created_at, used_at, named FROM channel_keys
WHERE channel_id = ? AND kind = 'read' AND revoked_at IS NULL ORDER BY created_at, id`)
	readKeysOf = migrations.SQL(`SELECT id, channel_id, user_id, label, created_at, used_at, named FROM channel_keys
WHERE user_id = ? AND kind = 'read' AND revoked_at IS NULL ORDER BY created_at, id`)
	revokeReadKey = migrations.SQL(`UPDATE channel_keys SET revoked_at = ? WHERE id = ? AND kind = 'read' AND revoked_at IS NULL AND channel_id = ?`)
)

// RevealReadKey is the person's own read key of the channel, made when he first
// asks. The caller has judged that he may, and writes it into the trail.
func (s *Store) RevealReadKey(ctx context.Context, tx *gorm.DB, channel string, user iam.UserID, label string) (vault.Secret, error) {
	id, err := numbered(channel)
	if err != nil {
		return "", err
	}
	var k keyRow
	err = ownReadKey.Row(ctx, tx, int64(id), string(user)).Scan(&k.id, &k.tenant, &k.sealed, &k.used)
	if err == nil {
		return s.open(tx, k)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find a read key: %w", err)
	}
	c, err := findChannel(ctx, tx, channelOfID, int64(id))
	if err != nil {
		return "", err
	}
	return s.addKey(ctx, tx, c.Tenant, id, kindRead, label, user)
}

// ReadKeys are those of the channel that work, oldest first. A channel that is
// kept elsewhere has none here.
func (s *Store) ReadKeys(ctx context.Context, channel string) ([]ReadKey, error) {
	id, err := ParseID(channel)
	if err != nil {
		return nil, nil
	}
	return s.listReadKeys(ctx, readKeys, int64(id))
}

// ReadKeysOf are those of the person that work, oldest first.
func (s *Store) ReadKeysOf(ctx context.Context, user iam.UserID) ([]ReadKey, error) {
	return s.listReadKeys(ctx, readKeysOf, string(user))
}

func (s *Store) listReadKeys(ctx context.Context, st migrations.Statement, arg any) (list []ReadKey, err error) {
	err = each(st.Rows(ctx, s.db(ctx), arg))(func(rows *sql.Rows) error {
		var k ReadKey
		var user sql.NullString
		var created int64
		var used *int64
		err := rows.Scan(&k.ID, &k.Channel, &user, &k.Label, &created, &used, &k.Named)
		k.User, k.Created, k.Used = iam.UserID(user.String), iam.Time(created), iam.TimeOrZero(used)
		list = append(list, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list read keys: %w", err)
	}
	return list, nil
}

// RevokeReadKey ends one read key of the channel at once.
func (s *Store) RevokeReadKey(ctx context.Context, tx *gorm.DB, channel string, key iam.KeyID) error {
	id, err := numbered(channel)
	if err != nil {
		return err
	}
	res, err := revokeReadKey.Exec(ctx, tx, iam.Micros(s.Now()), string(key), int64(id))
	if err != nil {
		return fmt.Errorf("revoke read key: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return connectors.ErrChannel
	}
	return nil
}

var sharedReadKey = migrations.SQL(`SELECT tenant_id, label FROM channel_keys WHERE id = ? AND channel_id = ? AND kind = 'read' AND user_id IS NULL AND revoked_at IS NULL`)

// RotateReadKey puts another read key in the place of one that is nobody's own;
// the old one ends at once.
func (s *Store) RotateReadKey(ctx context.Context, tx *gorm.DB, channel string, key iam.KeyID) error {
	id, err := numbered(channel)
	if err != nil {
		return err
	}
	var tenant, label string
	switch err := sharedReadKey.Row(ctx, tx, string(key), int64(id)).Scan(&tenant, &label); {
	case errors.Is(err, sql.ErrNoRows):
		return connectors.ErrChannel
	case err != nil:
		return fmt.Errorf("rotate read key: %w", err)
	}
	if err := s.RevokeReadKey(ctx, tx, channel, key); err != nil {
		return err
	}
	_, err = s.addKey(ctx, tx, iam.OrgID(tenant), id, kindRead, label, "")
	return err
}
