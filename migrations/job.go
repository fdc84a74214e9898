package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"
)

// A Job is one that was put in: it waits, runs, is tried again, or has ended. Its
// arguments name things and hold no secret.
type Job struct {
	ID       int64
	Kind     string
	State    string // one of JobStates
	Args     string // a JSON object; empty, {}, of what the timetable asks for
	Attempt  int    // how often it was tried
	Attempts int    // how often it is tried at most
	Error    string // what the last try failed with
	Put      time.Time
	Tried    time.Time // last; zero: never
	Next     time.Time // when it runs, of one that has not ended
	Ended    time.Time // zero: not yet
}

// The states that a job can be in, as a list may ask for them.
const (
	JobDead     = string(rivertype.JobStateDiscarded) // it was tried often enough
	JobAgain    = string(rivertype.JobStateRetryable) // it failed and is tried again
	JobRuns     = string(rivertype.JobStateRunning)
	JobWaits    = string(rivertype.JobStateAvailable)
	JobLater    = string(rivertype.JobStateScheduled)
	JobDone     = string(rivertype.JobStateCompleted)
	JobCanceled = string(rivertype.JobStateCancelled)
)

// JobStates lists them, those first that somebody should look at.
var JobStates = []string{JobDead, JobAgain, JobRuns, JobWaits, JobLater, JobDone, JobCanceled}

// Periodic tells whether the timetable asks for such a job again and again.
func (j Job) Periodic() bool { return j.Args == "{}" }

// What can be wrong with a job that somebody wants to touch.
var (
	ErrNoJob   = errors.New("there is no such job")
	ErrJobRuns = errors.New("the job is running")
)

// jobColumns are what is read of a job; of its failures only the last one's text.
var jobColumns = Dialects(
	`SELECT id, kind, state, json(args) AS args, attempt, max_attempts, COALESCE(json_extract(errors, '$[#-1].error'), '') AS error, created_at, attempted_at, scheduled_at, finalized_at FROM river_job WHERE `,
	`SELECT id, kind, state, args::text AS args, attempt, max_attempts, COALESCE(to_jsonb(errors)->-1->>'error', '') AS error, created_at, attempted_at, scheduled_at, finalized_at FROM river_job WHERE `)

type jobRow struct {
	ID                       int64
	Kind, State, Args, Error string
	Attempt, MaxAttempts     int
	CreatedAt, ScheduledAt   time.Time
	AttemptedAt, FinalizedAt *time.Time
}

// JobList is a page of the jobs in a state ("" for any), newest first, after the
// one with the given number (0: from the first), at most n.
func JobList(ctx context.Context, db *gorm.DB, state string, after int64, n int) (list []Job, err error) {
	_, columns := jobColumns.On(db)
	where, args := "id > 0", []any{}
	if state != "" {
		where, args = where+" AND state = ?", append(args, state)
	}
	if after > 0 {
		where, args = where+" AND id < ?", append(args, after)
	}
	var rows []jobRow
	if err := db.WithContext(ctx).Raw(columns+where+" ORDER BY id DESC LIMIT ?", append(args, n)...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	for _, r := range rows {
		list = append(list, r.job())
	}
	return list, nil
}

// JobNumbered is one job: ErrNoJob where there is none.
func JobNumbered(tx *gorm.DB, id int64) (Job, error) {
	_, columns := jobColumns.On(tx)
	var row jobRow
	err := tx.Raw(columns+"id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Job{}, ErrNoJob
	}
	if err != nil {
		return Job{}, fmt.Errorf("find job %d: %w", id, err)
	}
	return row.job(), nil
}

// RetryJob has a job run as soon as tx is over, whatever became of it before: once
// more than it is tried at most, if need be.
func RetryJob(tx *gorm.DB, id int64) error {
	client, t, err := queueOf(tx)
	if err == nil {
		_, err = client.JobRetryTx(tx.Statement.Context, t, id)
	}
	return jobFault(err)
}

// DropJob takes a job out of the queue that is not running.
func DropJob(tx *gorm.DB, id int64) error {
	client, t, err := queueOf(tx)
	if err == nil {
		_, err = client.JobDeleteTx(tx.Statement.Context, t, id)
	}
	return jobFault(err)
}

func jobFault(err error) error {
	switch {
	case errors.Is(err, rivertype.ErrNotFound):
		return ErrNoJob
	case errors.Is(err, rivertype.ErrJobRunning):
		return ErrJobRuns
	}
	return err
}

// queueOf is the client for tx, and tx as the client knows it.
func queueOf(tx *gorm.DB) (*river.Client[*sql.Tx], *sql.Tx, error) {
	t, ok := tx.Statement.ConnPool.(*sql.Tx)
	if !ok {
		return nil, nil, errors.New("the queue: not in a transaction")
	}
	into := intoSQLite
	if tx.Name() == Postgres {
		into = intoPostgres
	}
	client, err := into()
	return client, t, err
}

func (r jobRow) job() Job {
	j := Job{ID: r.ID, Kind: r.Kind, State: r.State, Args: r.Args, Attempt: r.Attempt, Attempts: r.MaxAttempts, Error: Discreet(r.Error), Put: r.CreatedAt.UTC()}
	if r.AttemptedAt != nil {
		j.Tried = r.AttemptedAt.UTC()
	}
	if r.FinalizedAt != nil {
		j.Ended = r.FinalizedAt.UTC()
	} else {
		j.Next = r.ScheduledAt.UTC()
	}
	return j
}
