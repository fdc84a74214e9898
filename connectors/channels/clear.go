package channels

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/migrations"
)

// atOnce is how many entries one transaction takes away, so that nobody waits
// long behind it.
const atOnce = 5000

var (
	deleteUpTo    = migrations.SQL(`DELETE FROM feeds WHERE channel_id = ? AND entry_id <= ?`)
	firstEntry    = migrations.SQL(`SELECT COALESCE(MIN(entry_id), 0) FROM feeds WHERE channel_id = ?`)
	deleteAll     = migrations.SQL(`DELETE FROM feeds WHERE channel_id = ?`)
	countAnew     = migrations.SQL(`UPDATE channels SET last_entry_id = 0, last_entry_at = NULL, updated_at = ? WHERE id = ?`)
	lockChannel   = migrations.SQL(`UPDATE channels SET updated_at = ? WHERE id = ?`)
	deleteKeys    = migrations.SQL(`DELETE FROM channel_keys WHERE channel_id = ?`)
	deleteChannel = migrations.SQL(`DELETE FROM channels WHERE id = ?`)
)

// ClearChannel takes all entries out of a channel of the account. The next one
// has the number 1.
func (s *Store) ClearChannel(ctx context.Context, a Account, id ID) error {
	if err := s.thin(ctx, a, id); err != nil {
		return err
	}
	return s.db(ctx).Transaction(func(tx *gorm.DB) error {
		now := s.Now().UnixMicro()
		for _, step := range []struct {
			st   migrations.Statement
			args []any
		}{{countAnew, []any{now, int64(id)}}, {deleteAll, []any{int64(id)}}} {
			if _, err := step.st.Exec(ctx, tx, step.args...); err != nil {
				return fmt.Errorf("clear channel %s: %w", id, err)
			}
		}
		return a.record(ctx, tx, "channel.clear", id)
	})
}

// DeleteChannel takes a channel of the account away, with entries and keys, and
// returns what it was. A second time it is connectors.ErrChannel.
func (s *Store) DeleteChannel(ctx context.Context, a Account, id ID) (c Channel, err error) {
	if err := s.thin(ctx, a, id); err != nil {
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
		for _, st := range []migrations.Statement{deleteAll, deleteKeys, deleteChannel} {
			if _, err := st.Exec(ctx, tx, int64(id)); err != nil {
				return fmt.Errorf("delete channel %s: %w", id, err)
			}
		}
		return a.record(ctx, tx, "channel.delete", id)
	})
	return c, err
}

// thin takes away the entries that are there now, a few at a time.
func (s *Store) thin(ctx context.Context, a Account, id ID) error {
	c, err := findChannel(ctx, s.db(ctx), accountChannel, int64(id), string(a.Tenant), string(a.Org))
	if err != nil {
		return err
	}
	var first int64
	if err := firstEntry.Row(ctx, s.db(ctx), int64(id)).Scan(&first); err != nil {
		return fmt.Errorf("clear channel %s: %w", id, err)
	}
	for n := first + atOnce; n < c.LastEntry; n += atOnce {
		if _, err := deleteUpTo.Exec(ctx, s.db(ctx), int64(id), n); err != nil {
			return fmt.Errorf("clear channel %s: %w", id, err)
		}
	}
	return nil
}
