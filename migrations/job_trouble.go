package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// JobTrouble is jobs of one kind that failed.
type JobTrouble struct {
	Kind  string
	State string // JobDead or JobAgain
	Count int
	Last  Job       // the newest
	Since time.Time // when the oldest was tried last
}

// JobTroubles are the kinds of jobs that fail now, in their order: those that are
// dead, and those that are tried again. What the timetable asks for is dead only
// until the next of its kind has run.
func JobTroubles(ctx context.Context, db *gorm.DB) (all []JobTrouble, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var groups []struct {
			Kind, State string
			N           int
			First, Last int64
		}
		if err := tx.Raw(`SELECT kind, state, COUNT(*) AS n, MIN(id) AS first, MAX(id) AS last FROM river_job WHERE state IN ('discarded', 'retryable')
GROUP BY kind, state ORDER BY kind, state`).Scan(&groups).Error; err != nil {
			return err
		}
		for _, g := range groups {
			last, err := JobNumbered(tx, g.Last)
			if errors.Is(err, ErrNoJob) {
				continue // it went meanwhile
			}
			if err != nil {
				return err
			}
			since := last.Tried
			if last.Periodic() {
				var better int64
				if err := tx.Raw(`SELECT COUNT(*) FROM river_job WHERE kind = ? AND state = 'completed' AND id > ?`, g.Kind, g.Last).Scan(&better).Error; err != nil {
					return err
				}
				if better > 0 {
					continue
				}
			}
			if first, err := JobNumbered(tx, g.First); err == nil {
				since = first.Tried
			}
			all = append(all, JobTrouble{g.Kind, g.State, g.N, last, since})
		}
		return nil
	}, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("look for jobs that fail: %w", err)
	}
	return all, nil
}

// LastWorked is when a job was done last; zero when none ever was, or none is
// remembered.
func LastWorked(ctx context.Context, db *gorm.DB) (at time.Time, err error) {
	done, err := JobList(ctx, db, JobDone, 0, 1)
	if err != nil || len(done) == 0 {
		return at, err
	}
	return done[0].Ended, nil
}

// JobCounts are how many jobs there are in each state.
func JobCounts(ctx context.Context, db *gorm.DB) (map[string]int, error) {
	var rows []struct {
		State string
		N     int
	}
	if err := db.WithContext(ctx).Raw(`SELECT state, COUNT(*) AS n FROM river_job GROUP BY state`).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	all := map[string]int{}
	for _, r := range rows {
		all[r.State] = r.N
	}
	return all, nil
}
