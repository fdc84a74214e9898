package main

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// keep is the channel store's housekeeping: sums that nobody made, entries and sums
// that no rule keeps any longer, and room for the time to come.
type keep struct{}

// Kind names the job in the queue.
func (keep) Kind() string { return "keep" }

type keeper struct {
	river.WorkerDefaults[keep]
	house *house
}

// Timeout is long: years of entries may go for the first time. One that is stopped
// goes on the next time.
func (*keeper) Timeout(*river.Job[keep]) time.Duration { return 12 * time.Hour }

// Work does all three; one's trouble is not the next one's.
func (w *keeper) Work(ctx context.Context, _ *river.Job[keep]) error {
	s := w.house.channels
	return errors.Join(s.PartByTime(ctx), s.SumAll(ctx), s.Keep(ctx))
}

// unfinished is every state of a job that may still run.
var unfinished = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}

// keepHourly puts the housekeeping on the timetable; one that still runs is not
// joined by another.
func (h *house) keepHourly(workers *river.Workers) *river.PeriodicJob {
	river.AddWorker(workers, &keeper{house: h})
	return river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) {
		return keep{}, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
	}, &river.PeriodicJobOpts{RunOnStart: true})
}
