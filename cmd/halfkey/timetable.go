package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"halfkey/devices/bulk"
	"halfkey/devices/rhythm"
	"halfkey/iam/notify"
	"halfkey/migrations"
)

// sweep drops what nobody came back for: boardings that were never used, questions
// that nobody answered, sessions and limits that are over.
type sweep struct{}

// Kind names the job in the queue.
func (sweep) Kind() string { return "sweep" }

type sweeper struct {
	river.WorkerDefaults[sweep]
	house *house
}

// Work looks at what has grown old since the last time. One room's trouble is not
// the next one's.
func (w *sweeper) Work(ctx context.Context, _ *river.Job[sweep]) error {
	h := w.house
	var all error
	for _, sweep := range []func(context.Context) error{
		h.sessions.Sweep, h.limits.Sweep, h.browsers().Sweep, h.recovery.Links.Sweep, h.answers().Sweep,
		h.post.Sweep, h.hooks.Sweep, h.trail.Sweep, h.channels.SweepKeys, h.orgs.Expire, h.reviews().Run,
		h.devices.Sweep, h.agents.Sweep, h.bulk().Sweep,
	} {
		all = errors.Join(all, sweep(ctx))
	}
	return all
}

// timetable says what is done without anybody asking. Of several replicas one does it.
func (h *house) timetable(ending *atomic.Bool) (*migrations.Jobs, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &sweeper{house: h})
	h.trailJobs(workers)
	river.AddWorker(workers, &bulk.Worker{Service: h.bulk()})
	river.AddWorker(workers, &notify.Postman{Service: h.post})
	river.AddWorker(workers, &notify.Caller{Hooks: h.hooks})
	river.AddWorker(workers, &rhythm.Worker{Watch: &rhythm.Watch{Devices: h.devices, Post: h.post, Hooks: h.hooks}})
	rounds := river.NewPeriodicJob(river.PeriodicInterval(time.Minute), func() (river.JobArgs, *river.InsertOpts) {
		return rhythm.Round{}, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
	}, nil)
	every := river.NewPeriodicJob(river.PeriodicInterval(10*time.Minute), func() (river.JobArgs, *river.InsertOpts) {
		return sweep{}, &river.InsertOpts{MaxAttempts: 1}
	}, &river.PeriodicJobOpts{RunOnStart: true})
	return migrations.NewJobs(h.db, migrations.JobsConfig{Workers: workers, Logger: slog.New(discreet{h.log.Handler(), ending}),
		Periodic: append(h.workOutside(workers), every, rounds, h.keepHourly(workers))})
}
