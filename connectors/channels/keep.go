package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

var (
	// Every place below a rule, its nearest one first.
	ruledPlaces = migrations.SQL(`SELECT c.descendant, COALESCE(r.entries_days, 0), COALESCE(r.sums_days, 0)
FROM keep_rules r CROSS JOIN org_closure c WHERE c.ancestor = r.org_id ORDER BY c.descendant, c.depth`)
	channelsOfPlace = migrations.SQL(`SELECT id FROM channels WHERE org_id = ? ORDER BY id`)
	anyBefore       = migrations.SQL(`SELECT entry_id FROM feeds WHERE channel_id = ? AND created_at < ? LIMIT 1`)
	deleteBefore    = migrations.SQL(`DELETE FROM feeds WHERE channel_id = ? AND created_at < ? AND entry_id IN
(SELECT entry_id FROM feeds WHERE channel_id = ? AND created_at < ? AND entry_id <= ? ORDER BY created_at LIMIT ?)`)
	keptPart = migrations.SQL(`SELECT part FROM feed_sums WHERE channel_id = ? AND field = ? AND level = 0 AND to_at >= ? ORDER BY part LIMIT 1`)
	lastPart = migrations.SQL(`SELECT part FROM feed_sums WHERE channel_id = ? AND field = ? AND level = 0 ORDER BY part DESC LIMIT 1`)
)

// Keep lets go of what no rule keeps any longer: entries that are too old, but
// never before they are summed up, and sums that are. It goes channel by channel
// and takes little at a time, so that whoever writes waits for no more than one
// slice. What it has done is on record while it runs; one that was stopped
// goes on from there.
func (s *Store) Keep(ctx context.Context) error {
	places, err := s.ruledPlaces(ctx)
	if err != nil || len(places) == 0 {
		return err
	}
	var todo []kept
	for _, place := range places {
		err := each(channelsOfPlace.Rows(ctx, s.db(ctx), string(place.org)))(func(rows *sql.Rows) error {
			k := kept{entries: place.entries, sums: place.sums}
			err := rows.Scan((*int64)(&k.id))
			todo = append(todo, k)
			return err
		})
		if err != nil {
			return fmt.Errorf("keep: %w", err)
		}
	}
	run, err := s.startRun(ctx, len(todo))
	if err != nil {
		return err
	}
	failed := 0
	for _, k := range todo {
		if trouble := s.keepOne(ctx, run, k); trouble != nil {
			err = errors.Join(err, trouble) // one that fails is no reason to leave the others
			if failed++; failed == failuresMost || ctx.Err() != nil {
				break
			}
			continue
		}
		run.Done++
		if trouble := s.noteRun(ctx, run); trouble != nil {
			err = errors.Join(err, trouble)
			break
		}
	}
	return errors.Join(err, s.endRun(context.WithoutCancel(ctx), run, err))
}

// failuresMost is after how many channels a run gives up: it is not they who fail.
const failuresMost = 10

// A place whose channels a rule speaks of, and a channel; bounds are days, 0 is none.
type ruledPlace struct {
	org           iam.OrgID
	entries, sums int
}

type kept struct {
	id            ID
	entries, sums int
}

func (s *Store) ruledPlaces(ctx context.Context) (places []ruledPlace, err error) {
	err = each(ruledPlaces.Rows(ctx, s.db(ctx)))(func(rows *sql.Rows) error {
		var p ruledPlace
		if err := rows.Scan(&p.org, &p.entries, &p.sums); err != nil {
			return err
		}
		if n := len(places); n == 0 || places[n-1].org != p.org {
			places = append(places, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	return places, nil
}

func (s *Store) keepOne(ctx context.Context, run *KeepRun, k kept) error {
	if k.entries > 0 {
		if err := s.letEntriesGo(ctx, k.id, s.daysAgo(k.entries), run); err != nil {
			return fmt.Errorf("keep channel %s: %w", k.id, err)
		}
	}
	if k.sums > 0 {
		n, err := s.letSumsGo(ctx, k.id, s.daysAgo(k.sums))
		if run.Sums += n; err != nil {
			return fmt.Errorf("keep the sums of channel %s: %w", k.id, err)
		}
	}
	return nil
}

func (s *Store) daysAgo(days int) int64 {
	return iam.Micros(s.Now().Add(-time.Duration(days) * 24 * time.Hour))
}

// letEntriesGo takes away the entries before a time that are summed up. The last
// few, which fill no part, stay: of a device that fell silent one still sees
// what it said.
func (s *Store) letEntriesGo(ctx context.Context, id ID, before int64, run *KeepRun) error {
	var some int64
	switch err := anyBefore.Row(ctx, s.db(ctx), int64(id), before).Scan(&some); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	if err := s.Sum(ctx, id); err != nil {
		return err
	}
	var last, mark int64
	if err := markedTo.Row(ctx, s.db(ctx), int64(id)).Scan(&last, &mark); err != nil {
		return err
	}
	for {
		res, err := deleteBefore.Exec(ctx, s.db(ctx), int64(id), before, int64(id), before, mark, sliceSize)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if run.Entries += n; err != nil || n < sliceSize {
			return err
		}
		if err := s.noteRun(ctx, run); err != nil {
			return err
		}
	}
}

// letSumsGo takes away parts that end before a time.
func (s *Store) letSumsGo(ctx context.Context, id ID, before int64) (gone int64, err error) {
	end := int64(-1) // the first part that some field keeps
	for field := 1; field <= MaxFields; field++ {
		var part int64
		err := keptPart.Row(ctx, s.db(ctx), int64(id), field, before).Scan(&part)
		if errors.Is(err, sql.ErrNoRows) {
			if err = lastPart.Row(ctx, s.db(ctx), int64(id), field).Scan(&part); errors.Is(err, sql.ErrNoRows) {
				continue // nothing of this field
			}
			part++
		}
		if err != nil {
			return 0, err
		}
		if end < 0 || part < end {
			end = part
		}
	}
	if end <= 0 {
		return 0, nil
	}
	return s.dropSums(ctx, id, end)
}
