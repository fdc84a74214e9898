package channels

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// A KeepRun is what one run of Keep does, while it runs and afterwards.
type KeepRun struct {
	ID       string
	Started  time.Time
	Seen     time.Time // when it was last heard of; long ago: it was stopped, and the next goes on
	Ended    time.Time // zero while it runs
	Channels int64
	Done     int64 // channels
	Entries  int64 // that went
	Sums     int64 // that went
	Error    string

	noted time.Time
}

const (
	noteEvery = time.Second
	keptRuns  = 30
)

var (
	insertRun = migrations.SQL(`INSERT INTO keep_runs (id, started_at, seen_at, channels, done, entries, sums, error) VALUES (?, ?, ?, ?, 0, 0, 0, '')`)
	updateRun = migrations.SQL(`UPDATE keep_runs SET seen_at = ?, done = ?, entries = ?, sums = ? WHERE id = ?`)
	finishRun = migrations.SQL(`UPDATE keep_runs SET seen_at = ?, ended_at = ?, done = ?, entries = ?, sums = ?, error = ? WHERE id = ?`)
	oldRuns   = migrations.SQL(`DELETE FROM keep_runs WHERE id NOT IN (SELECT id FROM keep_runs ORDER BY started_at DESC, id DESC LIMIT ?)`)
	lastRuns  = migrations.SQL(`SELECT id, started_at, seen_at, ended_at, channels, done, entries, sums, error FROM keep_runs ORDER BY started_at DESC, id DESC LIMIT ?`)
)

func (s *Store) startRun(ctx context.Context, channels int) (*KeepRun, error) {
	r := &KeepRun{ID: iam.NewID(), Channels: int64(channels)}
	now := iam.Micros(s.Now())
	if _, err := insertRun.Exec(ctx, s.db(ctx), r.ID, now, now, r.Channels); err != nil {
		return nil, fmt.Errorf("begin to keep: %w", err)
	}
	return r, nil
}

// noteRun puts the progress on record, once a second.
func (s *Store) noteRun(ctx context.Context, r *KeepRun) error {
	now := time.Now()
	if now.Sub(r.noted) < noteEvery {
		return nil
	}
	r.noted = now
	if _, err := updateRun.Exec(ctx, s.db(ctx), iam.Micros(s.Now()), r.Done, r.Entries, r.Sums, r.ID); err != nil {
		return fmt.Errorf("note how far keeping is: %w", err)
	}
	return nil
}

func (s *Store) endRun(ctx context.Context, r *KeepRun, failed error) error {
	said := ""
	if failed != nil {
		said = failed.Error()
	}
	now := iam.Micros(s.Now())
	if _, err := finishRun.Exec(ctx, s.db(ctx), now, now, r.Done, r.Entries, r.Sums, said, r.ID); err != nil {
		return fmt.Errorf("end keeping: %w", err)
	}
	if _, err := oldRuns.Exec(ctx, s.db(ctx), keptRuns); err != nil {
		return fmt.Errorf("forget old runs: %w", err)
	}
	return nil
}

// KeepRuns are the last runs of Keep, newest first.
func (s *Store) KeepRuns(ctx context.Context, n int) (list []KeepRun, err error) {
	err = each(lastRuns.Rows(ctx, s.db(ctx), n))(func(rows *sql.Rows) error {
		var r KeepRun
		var started, seen int64
		var ended *int64
		err := rows.Scan(&r.ID, &started, &seen, &ended, &r.Channels, &r.Done, &r.Entries, &r.Sums, &r.Error)
		r.Started, r.Seen, r.Ended = iam.Time(started), iam.Time(seen), iam.TimeOrZero(ended)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list runs of keeping: %w", err)
	}
	return list, nil
}
