package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// MaxBulk is how many entries WriteMany takes at once.
const MaxBulk = 14400

// sliceSize is how many entries one transaction carries or takes away, so that
// nobody waits long behind it.
const sliceSize = 250

// ErrBulk is a list of entries that cannot be stored as a whole.
var ErrBulk = fault.New(fault.TooLarge, "channel-bulk", "At most 14400 entries can be stored at once.")

// As in insert.go, but the number is taken by the rows themselves: one whose time
// is there already takes none. The channel stays locked until the commit.
var (
	lockForMany = migrations.SQL(`UPDATE channels SET last_entry_at = ? WHERE id = ? AND (min_gap = 0 OR last_entry_at IS NULL OR last_entry_at <= ? - min_gap)
AND EXISTS (SELECT 1 FROM channel_keys WHERE digest = ? AND ` + keyWorks + `)` + whatItGot)
	lockForMore = migrations.SQL(`UPDATE channels SET last_entry_at = ? WHERE id = ?
AND EXISTS (SELECT 1 FROM channel_keys WHERE digest = ? AND ` + keyWorks + `)` + whatItGot)
	insertNew  = migrations.SQL(insertFeed + ` ON CONFLICT DO NOTHING`)
	numberedTo = migrations.SQL(`UPDATE channels SET last_entry_id = ? WHERE id = ?`)
)

// WriteMany stores entries that all have a time of their own, in this order, and
// tells how many were new: a time that the channel has already stays as it is, so
// the same list may come again. The key must be a write key of this very
// channel. It fails with ErrKey, ErrTooSoon, ErrBulk or ErrValue, with nothing
// stored. The caller's hanging up does not stop it.
func (s *Store) WriteMany(ctx context.Context, id ID, key string, entries []Entry) (stored int, err error) {
	stored, err = s.writeMany(ctx, id, key, entries)
	if err != nil {
		s.Tally.count(err)
	}
	s.Tally.Stored.Add(uint64(stored))
	return stored, err
}

func (s *Store) writeMany(ctx context.Context, id ID, key string, entries []Entry) (stored int, err error) {
	if len(entries) > MaxBulk {
		return 0, ErrBulk
	}
	for i := range entries {
		if err := entries[i].check(); err != nil {
			return 0, err
		}
	}
	ctx = context.WithoutCancel(ctx)
	k, err := s.writeKey(ctx, key)
	if err != nil {
		return 0, err
	}
	if k.channel != id {
		return 0, ErrKey
	}
	b := bulk{key: k, at: iam.Micros(s.Now()), first: true}
	for part := range slices.Chunk(entries, sliceSize) {
		n, err := s.storePart(ctx, &b, part)
		if stored += n; err != nil {
			if errors.Is(err, ErrKey) {
				s.known.forget(key)
			}
			return stored, err
		}
		b.first = false
	}
	if s.Live != nil && stored > 0 {
		s.Live.Publish(live.Event{Kind: live.Value, Tenant: b.tenant, Org: b.org, ID: id.String()})
	}
	return stored, nil
}

// A bulk is a list on its way into its channel.
type bulk struct {
	key         *keyEntry
	at          int64 // when it came, in microseconds
	first       bool  // nothing of it is stored yet
	tenant, org iam.OrgID
}

func (s *Store) storePart(ctx context.Context, b *bulk, part []Entry) (stored int, err error) {
	ctx, cancel := context.WithTimeout(ctx, maxWrite)
	defer cancel()
	var last int64
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		st, args := lockForMore, []any{b.at, int64(b.key.channel), b.key.digest, b.at}
		if b.first {
			st, args = lockForMany, []any{b.at, int64(b.key.channel), b.at, b.key.digest, b.at}
		}
		switch err := st.Row(ctx, tx, args...).Scan(&last, &b.tenant, &b.org); {
		case errors.Is(err, sql.ErrNoRows):
			w := write{key: b.key, at: b.at}
			return w.whyNot(ctx, tx)
		case err != nil:
			return fmt.Errorf("take a channel for many entries: %w", err)
		}
		if stored, err = storeNew(ctx, tx, b.key.channel, &last, part); err != nil {
			return err
		}
		switch err := noteFirstUse(ctx, tx, b.key, b.at); {
		case errors.Is(err, errEnding):
			return ErrKey
		case err != nil:
			return err
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	b.key.used.Store(true)
	s.grew(b.key.channel, last-int64(stored), last)
	return stored, nil
}

// storeNew puts the entries whose time is new into a channel that the caller has
// locked, numbered on from last.
func storeNew(ctx context.Context, tx *gorm.DB, id ID, last *int64, entries []Entry) (stored int, err error) {
	for i := range entries {
		e := &entries[i]
		res, err := insertNew.Exec(ctx, tx, e.row(id, *last+1, e.Created.Unix()*1e6, true)...)
		if err != nil {
			return 0, fmt.Errorf("insert an entry: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		*last, stored = *last+n, stored+int(n)
	}
	if stored == 0 {
		return 0, nil
	}
	_, err = numberedTo.Exec(ctx, tx, *last, int64(id))
	return stored, err
}
