package portal

import (
	"context"
	"strconv"
	"time"

	"halfkey/migrations"
	"halfkey/web/ui"
)

// jobState is a job's state in a word.
func jobState(ctx context.Context, state string) string {
	switch state {
	case migrations.JobDead:
		return ui.T(ctx, "jobs.state.dead")
	case migrations.JobAgain:
		return ui.T(ctx, "jobs.state.again")
	case migrations.JobRuns:
		return ui.T(ctx, "jobs.state.runs")
	case migrations.JobLater:
		return ui.T(ctx, "jobs.state.later")
	case migrations.JobDone:
		return ui.T(ctx, "jobs.state.done")
	case migrations.JobCanceled:
		return ui.T(ctx, "jobs.state.canceled")
	}
	return ui.T(ctx, "jobs.state.waits")
}

// jobBadge is the kind of a state's badge.
func jobBadge(state string) string {
	switch state {
	case migrations.JobDead:
		return "bad"
	case migrations.JobAgain:
		return "warn"
	case migrations.JobDone:
		return "good"
	}
	return ""
}

// jobWhen is the moment that matters of a job: when it ended, when it runs.
func jobWhen(j migrations.Job) time.Time {
	switch {
	case !j.Ended.IsZero():
		return j.Ended
	case j.State == migrations.JobRuns:
		return j.Tried
	}
	return j.Next
}

// mayRetry tells whether it is of use to try a job again or to let it go.
func mayRetry(j migrations.Job) bool {
	return j.State == migrations.JobDead || j.State == migrations.JobAgain || j.State == migrations.JobCanceled
}

// jobNumber is how a job is named beside its buttons.
func jobNumber(j migrations.Job) string { return strconv.FormatInt(j.ID, 10) }
