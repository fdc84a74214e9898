package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/migrations"
)

var (
	deleteUpTo    = migrations.SQL(`DELETE FROM feeds WHERE channel_id = ? AND entry_id <= ?`)
	firstEntry    = migrations.SQL(`SELECT COALESCE(MIN(entry_id), 0) FROM feeds WHERE channel_id = ?`)
	deleteAll     = migrations.SQL(`DELETE FROM feeds WHERE channel_id = ?`)
	countAnew     = migrations.SQL(`UPDATE channels SET last_entry_id = 0, last_entry_at = NULL, updated_at = ? WHERE id = ?`)
	lockChannel   = migrations.SQL(`UPDATE channels SET updated_at = ? WHERE id = ?`)
	deleteMark    = migrations.SQL(`DELETE FROM feed_marks WHERE channel_id = ?`)
	deleteSums    = migrations.SQL(`DELETE FROM feed_sums WHERE channel_id = ?`)
	deleteKeys    = migrations.SQL(`DELETE FROM channel_keys WHERE channel_id = ?`)
	deleteChannel = migrations.SQL(`DELETE FROM channels WHERE id = ?`)
)

// ClearChannel takes all entries out of a channel of the account. The next one
// has the number 1.
func (s *Store) ClearChannel(ctx context.Context, a Account, id ID) error {
	if err := s.thinOut(ctx, a, id); err != nil {
		return err
	}
	return s.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.empty(ctx, tx, id); err != nil {
			return err
		}
		return a.record(ctx, tx, "channel.clear", id)
	})
}

// empty takes away what thin has left, and lets numbers begin with 1 again.
func (s *Store) empty(ctx context.Context, tx *gorm.DB, id ID) error {
	for _, step := range []struct {
		st   migrations.Statement
		args []any
	}{{countAnew, []any{s.Now().UnixMicro(), int64(id)}}, {deleteAll, []any{int64(id)}}, {deleteMark, []any{int64(id)}}, {deleteSums, []any{int64(id)}}} {
		if _, err := step.st.Exec(ctx, tx, step.args...); err != nil {
			return fmt.Errorf("clear channel %s: %w", id, err)
		}
	}
	return nil
}

// DeleteChannel takes a channel of the account away, with entries and keys, and
// returns what it was. A second time it is connectors.ErrChannel.
func (s *Store) DeleteChannel(ctx context.Context, a Account, id ID) (c Channel, err error) {
	if err := s.thinOut(ctx, a, id); err != nil {
		return c, err
	}
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		// Whoever is writing finishes first and leaves no entry behind.
		if _, err := lockChannel.Exec(ctx, tx, s.Now().UnixMicro(), int64(id)); err != nil {
			return fmt.Errorf("delete channel %s: %w", id, err)
		}
		if c, err = findChannel(ctx, tx, accountChannel, int64(id), string(a.Tenant), string(a.Org)); err != nil {
			return err
		}
		for _, st := range []migrations.Statement{deleteAll, deleteMark, deleteSums, deleteKeys, deleteChannel} {
			if _, err := st.Exec(ctx, tx, int64(id)); err != nil {
				return fmt.Errorf("delete channel %s: %w", id, err)
			}
		}
		return a.record(ctx, tx, "channel.delete", id)
	})
	return c, err
}

// thinOut takes the entries of an account's channel away, a few at a time.
func (s *Store) thinOut(ctx context.Context, a Account, id ID) error {
	c, err := findChannel(ctx, s.db(ctx), accountChannel, int64(id), string(a.Tenant), string(a.Org))
	if err != nil {
		return err
	}
	return s.thin(ctx, id, c.LastEntry)
}

// thin takes away the entries up to the last, a few at a time.
func (s *Store) thin(ctx context.Context, id ID, last int64) error {
	var first int64
	if err := firstEntry.Row(ctx, s.db(ctx), int64(id)).Scan(&first); err != nil {
		return fmt.Errorf("clear channel %s: %w", id, err)
	}
	for n := first + sliceSize; n < last; n += sliceSize {
		if _, err := deleteUpTo.Exec(ctx, s.db(ctx), int64(id), n); err != nil {
			return fmt.Errorf("clear channel %s: %w", id, err)
		}
	}
	if _, err := s.dropSums(ctx, id, last/partSize); err != nil {
		return fmt.Errorf("clear channel %s: %w", id, err)
	}
	return nil
}

var (
	firstPart   = migrations.SQL(`SELECT part FROM feed_sums WHERE channel_id = ? AND field = ? AND level = ? ORDER BY part LIMIT 1`)
	deleteParts = migrations.SQL(`DELETE FROM feed_sums WHERE channel_id = ? AND field = ? AND level = ? AND part < ?`)
)

// dropSums takes away the sums of the first parts (of level 0), a few at a time,
// and of higher levels those that lie before.
func (s *Store) dropSums(ctx context.Context, id ID, parts int64) (dropped int64, err error) {
	for level := 0; parts>>level > 0; level++ {
		for field := range MaxFields {
			n, err := s.dropLevel(ctx, id, field+1, level, parts>>level)
			if dropped += n; err != nil {
				return dropped, err
			}
		}
	}
	return dropped, nil
}

func (s *Store) dropLevel(ctx context.Context, id ID, field, level int, end int64) (dropped int64, err error) {
	for {
		var first int64
		switch err := firstPart.Row(ctx, s.db(ctx), int64(id), field, level).Scan(&first); {
		case errors.Is(err, sql.ErrNoRows) || err == nil && first >= end:
			return dropped, nil
		case err != nil:
			return dropped, err
		}
		res, err := deleteParts.Exec(ctx, s.db(ctx), int64(id), field, level, min(first+2*sliceSize, end))
		if err != nil {
			return dropped, err
		}
		n, err := res.RowsAffected()
		if dropped += n; err != nil {
			return dropped, err
		}
	}
}
