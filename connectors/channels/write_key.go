package channels

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// keyWorks is the condition under which a row of channel_keys opens anything;
// its parameter is the time.
const keyWorks = `revoked_at IS NULL AND (ends_at IS NULL OR ends_at > ?)`

var (
	lastingKeys = migrations.SQL(`UPDATE channel_keys SET ends_at = CASE WHEN ends_at < ? THEN ends_at ELSE ? END, until_used = FALSE
WHERE channel_id = ? AND kind = 'write' AND revoked_at IS NULL`)
	givingWay = migrations.SQL(`UPDATE channel_keys SET until_used = TRUE WHERE channel_id = ? AND kind = 'write' AND revoked_at IS NULL AND ends_at IS NULL`)
	// Only older keys give way: the first use of one of them ends nothing.
	endOlderKeys = migrations.SQL(`UPDATE channel_keys SET revoked_at = ? WHERE channel_id = ? AND kind = 'write' AND until_used AND revoked_at IS NULL
AND created_at < (SELECT created_at FROM channel_keys WHERE digest = ?)`)
	endedKeys = migrations.SQL(`UPDATE channel_keys SET revoked_at = ends_at WHERE ends_at <= ? AND ends_at IS NOT NULL AND revoked_at IS NULL`)
	writeKeys = migrations.SQL(`SELECT id, created_at, used_at, ends_at, until_used FROM channel_keys
WHERE channel_id = ? AND kind = 'write' AND ` + keyWorks + ` ORDER BY created_at DESC, id DESC`)
)

// ChangeWriteKey gives the channel a new write key. The older ones work until a
// time, which may be now; with the zero time, until the new one has been used.
func (s *Store) ChangeWriteKey(ctx context.Context, tx *gorm.DB, channel string, until time.Time) (vault.Secret, error) {
	id, err := numbered(channel)
	if err != nil {
		return "", err
	}
	c, err := findChannel(ctx, tx, channelOfID, int64(id))
	if err != nil {
		return "", err
	}
	st, args := givingWay, []any{int64(id)}
	if !until.IsZero() {
		end := iam.Micros(until)
		st, args = lastingKeys, []any{end, end, int64(id)}
	}
	if _, err := st.Exec(ctx, tx, args...); err != nil {
		return "", fmt.Errorf("change the write key of channel %s: %w", id, err)
	}
	return s.addKey(ctx, tx, c.Tenant, id, kindWrite, "", "")
}

// endOlder ends the keys that the one just used for the first time, at (in
// microseconds), has taken the place of.
func endOlder(ctx context.Context, tx *gorm.DB, k *keyEntry, at int64) error {
	if _, err := endOlderKeys.Exec(ctx, tx, at, int64(k.channel), k.digest); err != nil {
		return fmt.Errorf("end older write keys: %w", err)
	}
	return nil
}

// SweepKeys notes the end of keys whose time has come. They opened nothing since.
func (s *Store) SweepKeys(ctx context.Context) error {
	if _, err := endedKeys.Exec(ctx, s.db(ctx), iam.Micros(s.Now())); err != nil {
		return fmt.Errorf("sweep keys: %w", err)
	}
	return nil
}

// A WriteKey is one that works, without the key itself.
type WriteKey struct {
	ID        iam.KeyID
	Created   time.Time
	Used      time.Time // the first time; zero if never
	Ends      time.Time // zero: no end is set
	UntilUsed bool      // it ends when a newer one is used
}

// WriteKeys are those of the channel that work, newest first; none of a channel
// that is held or closed, or is not ours.
func (s *Store) WriteKeys(ctx context.Context, channel string) (list []WriteKey, err error) {
	id, err := ParseID(channel)
	if err != nil {
		return nil, nil
	}
	err = each(writeKeys.Rows(ctx, s.db(ctx), int64(id), iam.Micros(s.Now())))(func(rows *sql.Rows) error {
		var k WriteKey
		var created int64
		var used, ends *int64
		err := rows.Scan(&k.ID, &created, &used, &ends, &k.UntilUsed)
		k.Created, k.Used, k.Ends = iam.Time(created), iam.TimeOrZero(used), iam.TimeOrZero(ends)
		list = append(list, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list write keys: %w", err)
	}
	return list, nil
}
