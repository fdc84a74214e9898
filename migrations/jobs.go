package migrations

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// JobsConfig says who works and when.
type JobsConfig struct {
	Workers    *river.Workers
	Periodic   []*river.PeriodicJob
	MaxWorkers int // at the same time, 4 unless said otherwise
	Logger     *slog.Logger
}

// Jobs runs what was enqueued, and the timetable. With several replicas each
// job runs on one of them.
type Jobs struct{ client queue }

type queue interface {
	Start(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Stop(ctx context.Context) error
}

// NewJobs joins workers to the database. Nothing runs before Start.
func NewJobs(db *DB, c JobsConfig) (*Jobs, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	config := &river.Config{
		Workers:      c.Workers,
		PeriodicJobs: c.Periodic,
		Logger:       c.Logger,
		Queues:       map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cmp.Or(c.MaxWorkers, 4)}},
		JobTimeout:   time.Minute,
		// PostgreSQL wakes us by a notice; SQLite is asked this often.
		FetchCooldown:     100 * time.Millisecond,
		FetchPollInterval: time.Second,
	}
	var client queue
	var err error
	if db.dialect == Postgres {
		client, err = river.NewClient(riverpgxv5.New(db.pool), config)
	} else {
		client, err = river.NewClient(riversqlite.New(db.write), config)
	}
	if err != nil {
		return nil, err
	}
	return &Jobs{client}, nil
}

// Start begins to work; ctx must live as long as the jobs may run.
func (j *Jobs) Start(ctx context.Context) error { return j.client.Start(ctx) }

// Stop takes no more jobs and waits for the running ones; when ctx ends first,
// they are cancelled and run again at the next start.
func (j *Jobs) Stop(ctx context.Context) error {
	if err := j.client.Stop(ctx); err == nil {
		return nil
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return j.client.StopAndCancel(last)
}
