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

// JobList is a page of the jobs in a state ("" for any), newest first, after the
// one with the given number (0: from the first), at most n.
func JobList(ctx context.Context, db *gorm.DB, state string, after int64, n int) (list []Job, err error) {
	params := river.NewJobListParams().First(n).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if state != "" {
		params = params.States(rivertype.JobState(state))
	}
	if after > 0 {
		params = params.Where("id < @before", river.NamedArgs{"before": after})
	}
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		client, t, err := queueOf(tx)
		if err != nil {
			return err
		}
		found, err := client.JobListTx(ctx, t, params)
		if err != nil {
			return err
		}
		for _, row := range found.Jobs {
			list = append(list, jobOf(row))
		}
		return nil
	}, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return list, nil
}

// JobNumbered is one job: ErrNoJob where there is none.
func JobNumbered(tx *gorm.DB, id int64) (Job, error) {
	client, t, err := queueOf(tx)
	if err != nil {
		return Job{}, err
	}
	row, err := client.JobGetTx(tx.Statement.Context, t, id)
	if err != nil {
		return Job{}, jobFault(err)
	}
	return jobOf(row), nil
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

func jobOf(row *rivertype.JobRow) Job {
	j := Job{ID: row.ID, Kind: row.Kind, State: string(row.State), Args: string(row.EncodedArgs), Attempt: row.Attempt, Attempts: row.MaxAttempts, Put: row.CreatedAt.UTC()}
	if n := len(row.Errors); n > 0 {
		j.Error = Discreet(row.Errors[n-1].Error)
	}
	if row.AttemptedAt != nil {
		j.Tried = row.AttemptedAt.UTC()
	}
	if row.FinalizedAt != nil {
		j.Ended = row.FinalizedAt.UTC()
	} else {
		j.Next = row.ScheduledAt.UTC()
	}
	return j
}
