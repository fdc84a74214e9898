package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/migrations"
)

// The number is taken where the key, the gap and the given time are judged, so
// that a refused entry takes none. On PostgreSQL this also locks the channel
// until the commit: numbers are handed out in the order of their rows.
const (
	takeNumber = `UPDATE channels SET last_entry_id = last_entry_id + 1, last_entry_at = ? WHERE id = ?
AND (min_gap = 0 OR last_entry_at IS NULL OR last_entry_at <= ? - min_gap)
AND EXISTS (SELECT 1 FROM channel_keys WHERE digest = ? AND ` + keyWorks + `)`
	timeIsFree = ` AND NOT EXISTS (SELECT 1 FROM feeds WHERE channel_id = ? AND created_at = ? AND given_time)`
	whatItGot  = ` RETURNING last_entry_id, tenant_id, org_id`
	insertFeed = `INSERT INTO feeds (channel_id, entry_id, created_at, given_time, field1, field2, field3, field4, field5, field6, field7, field8,
status, latitude, longitude, elevation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

var (
	take      = migrations.SQL(takeNumber + whatItGot)
	takeGiven = migrations.SQL(takeNumber + timeIsFree + whatItGot)
	insertRow = migrations.SQL(insertFeed)
	// A statement of its own sees what was committed while the channel was waited for.
	noteUse = migrations.SQL(`UPDATE channel_keys SET used_at = COALESCE(used_at, ?) WHERE digest = ? AND revoked_at IS NULL`)
	whyNot  = migrations.SQL(`SELECT (SELECT count(*) FROM channel_keys WHERE digest = ? AND ` + keyWorks + `),
(SELECT count(*) FROM feeds WHERE channel_id = ? AND created_at = ? AND given_time)`)
)

// store puts the entry into its channel, or says why not. A fault means that the
// transaction is as it was before.
func (w *write) store(ctx context.Context, tx *gorm.DB) error {
	st, args := take, []any{w.at, int64(w.key.channel), w.at, w.key.digest, w.at}
	if w.given {
		st, args = takeGiven, append(args, int64(w.key.channel), w.created)
	}
	switch err := st.Row(ctx, tx, args...).Scan(&w.number, &w.tenant, &w.org); {
	case errors.Is(err, sql.ErrNoRows):
		return w.whyNot(ctx, tx)
	case err != nil:
		return fmt.Errorf("take an entry's number: %w", err)
	}
	if _, err := insertRow.Exec(ctx, tx, w.entry.row(w.key.channel, w.number, w.created, w.given)...); err != nil {
		return fmt.Errorf("insert an entry: %w", err)
	}
	return noteFirstUse(ctx, tx, w.key, w.at)
}

// row is the entry as its statement takes it; created is in microseconds.
func (e *Entry) row(id ID, number, created int64, given bool) []any {
	return []any{int64(id), number, created, given,
		text(e.Fields[0]), text(e.Fields[1]), text(e.Fields[2]), text(e.Fields[3]), text(e.Fields[4]), text(e.Fields[5]), text(e.Fields[6]), text(e.Fields[7]),
		text(e.Status), text(e.Latitude), text(e.Longitude), text(e.Elevation)}
}

// noteFirstUse does so once for each key, at (in microseconds) the time of the first entry.
func noteFirstUse(ctx context.Context, tx *gorm.DB, k *keyEntry, at int64) error {
	if k.used.Load() {
		return nil
	}
	res, err := noteUse.Exec(ctx, tx, at, k.digest)
	if err != nil {
		return fmt.Errorf("note a key's first use: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(errEnding, err)
	}
	return endOlder(ctx, tx, k, at)
}

// errEnding says that the key ended while its first entry waited for the
// channel. On PostgreSQL the statement that takes the number does not see that:
// it looks at the keys as they were when it began to wait. The entry must not
// stay, for the channel may have been dropped as one that nobody used.
var errEnding = errors.New("the write key has just ended")

func (w *write) whyNot(ctx context.Context, tx *gorm.DB) error {
	var good, taken int
	if err := whyNot.Row(ctx, tx, w.key.digest, w.at, int64(w.key.channel), w.created).Scan(&good, &taken); err != nil {
		return fmt.Errorf("see why an entry was refused: %w", err)
	}
	switch {
	case good == 0:
		return ErrKey
	case w.given && taken > 0:
		return ErrTimeTaken
	}
	return ErrTooSoon
}

// text spares the driver a look through the pointer.
func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
