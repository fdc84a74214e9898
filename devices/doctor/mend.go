package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/migrations"
)

// What can stand in the way of a deed with a job.
var (
	ErrNoJob   = fault.New(fault.NotFound, "job-unknown", "There is no such job any more.")
	ErrJobRuns = fault.New(fault.Conflict, "job-runs", "This job is running just now. Wait until it has ended.")
)

// Jobs is a page of the jobs in a state ("" for any), newest first, to who looks
// after the installation.
func (s *Service) Jobs(ctx context.Context, state string, after int64, n int) ([]migrations.Job, error) {
	if err := s.platform(ctx); err != nil {
		return nil, err
	}
	return migrations.JobList(ctx, s.DB, state, after, n)
}

// JobCounts are how many jobs there are in each state.
func (s *Service) JobCounts(ctx context.Context) (map[string]int, error) {
	if err := s.platform(ctx); err != nil {
		return nil, err
	}
	return migrations.JobCounts(ctx, s.DB)
}

// RetryJob has a job run now, whatever became of it before.
func (s *Service) RetryJob(ctx context.Context, id int64) error {
	return s.withJob(ctx, id, "job.retry", migrations.RetryJob)
}

// DropJob takes a job out of the queue: what it was to do is not done.
func (s *Service) DropJob(ctx context.Context, id int64) error {
	return s.withJob(ctx, id, "job.drop", migrations.DropJob)
}

func (s *Service) withJob(ctx context.Context, id int64, verb string, deed func(*gorm.DB, int64) error) error {
	top, err := s.Orgs.Platform(ctx)
	if err != nil {
		return err
	}
	return jobFault(s.db(ctx).Transaction(func(tx *gorm.DB) error {
		j, err := migrations.JobNumbered(tx, id)
		if err != nil {
			return err
		}
		if err := deed(tx, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(top.ID), Org: string(top.ID), Type: "job", ID: fmt.Sprint(id)}, audit.Detail{"name": j.Kind})
	}))
}

// kinds are names as jobs have them.
var kinds = regexp.MustCompile(`^[a-z0-9-]{1,60}$`)

// atOnce is how many jobs one deed has tried again.
const atOnce = 200

// RetryJobs has those of a kind that are dead or wait for another try run now, so
// many at once at most; of what the timetable asks for one is enough. It tells
// how many they are.
func (s *Service) RetryJobs(ctx context.Context, kind string) (n int, err error) {
	top, err := s.Orgs.Platform(ctx)
	if err != nil {
		return 0, err
	}
	if !kinds.MatchString(kind) {
		return 0, ErrNoJob
	}
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		var ids []int64
		if err := tx.Raw("SELECT id FROM river_job WHERE kind = ? AND state IN ('discarded', 'retryable') ORDER BY id DESC LIMIT ?", kind, atOnce).Scan(&ids).Error; err != nil {
			return err
		}
		for _, id := range ids {
			j, err := migrations.JobNumbered(tx, id)
			if err == nil {
				err = migrations.RetryJob(tx, id)
			}
			if err != nil && !errors.Is(err, migrations.ErrNoJob) && !errors.Is(err, migrations.ErrJobRuns) {
				return err
			}
			if n++; j.Periodic() {
				break
			}
		}
		if n == 0 {
			return nil
		}
		return audit.Record(ctx, tx, "job.retry", audit.Object{Tenant: string(top.ID), Org: string(top.ID), Type: "job", ID: kind}, audit.Detail{"name": kind, "count": n})
	})
	if err != nil {
		return 0, fmt.Errorf("try jobs of kind %s again: %w", kind, err)
	}
	return n, nil
}

func jobFault(err error) error {
	switch {
	case errors.Is(err, migrations.ErrNoJob):
		return ErrNoJob
	case errors.Is(err, migrations.ErrJobRuns):
		return ErrJobRuns
	}
	return err
}
