package rest

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/doctor"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/web/show"
)

// broken is what is wrong now, and the jobs of the house.
func (a *API) broken(g *echo.Group) {
	g.GET("/findings", a.findings, paged("org"))
	g.GET("/jobs", a.jobs, paged("state"))
	g.POST("/jobs/:job/retry", a.onJob(a.Doctor.RetryJob), known())
	g.POST("/jobs/:job/drop", a.onJob(a.Doctor.DropJob), known())
	g.POST("/job_kinds/:kind/retry", a.retryJobs, known())
}

// finding is one thing that is wrong, in the sentences that the page has.
type finding struct {
	Code    string    `json:"code"`
	Weight  string    `json:"weight"`
	Title   string    `json:"title"`
	Text    string    `json:"text"`
	Org     string    `json:"org,omitzero"`
	Place   string    `json:"org_name,omitzero"`
	Subject string    `json:"subject,omitzero"`
	Count   int       `json:"count,omitzero"`
	Since   time.Time `json:"since,omitzero"`
	Next    time.Time `json:"next_at,omitzero"`
	May     bool      `json:"may_mend"`
	Fix     string    `json:"fix,omitzero"`
	URL     string    `json:"url,omitzero"`
	Command string    `json:"command,omitzero"`
}

var weights = map[doctor.Weight]string{doctor.Broken: "broken", doctor.Shaky: "shaky", doctor.Waits: "waits"}

// findings answers what is broken in a place, or wherever the asker may look.
func (a *API) findings(c echo.Context) error {
	org, err := optional(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	as := func(f doctor.Finding) finding {
		t := show.Finding(ctx, f)
		out := finding{string(f.Code), weights[f.Weight], t.Title, t.Text, string(f.Org), f.Place, f.Subject, f.Count, f.Since, f.Next, f.May, t.Fix.Label, "", t.Fix.Command}
		if t.Fix.Page != "" {
			out.URL = a.BaseURL(c) + t.Fix.Page
		}
		return out
	}
	all := func() ([]doctor.Finding, error) { return a.Doctor.Find(ctx, org) }
	return listOf(c, "findings", all, as, func(f finding) string { return f.Code + " " + f.Subject })
}

// job is one of the queue. Its last failure is told without what may be a key.
type job struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Attempt  int       `json:"attempt"`
	Attempts int       `json:"max_attempts"`
	Error    string    `json:"error,omitzero"`
	PutAt    time.Time `json:"created_at"`
	TriedAt  time.Time `json:"attempted_at,omitzero"`
	NextAt   time.Time `json:"next_at,omitzero"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
}

func jobOf(j migrations.Job) job {
	return job{strconv.FormatInt(j.ID, 10), j.Kind, j.State, j.Attempt, j.Attempts, j.Error, j.Put, j.Tried, j.Next, j.Ended}
}

func (a *API) jobs(c echo.Context) error {
	state, err := oneOf(c, "state", migrations.JobStates...)
	if err != nil {
		return err
	}
	w, err := windowOf(c, "jobs")
	if err != nil {
		return err
	}
	after := int64(0)
	if w.after != "" {
		if after, err = strconv.ParseInt(w.after, 10, 64); err != nil || after < 1 {
			return ErrCursor
		}
	}
	found, err := a.Doctor.Jobs(c.Request().Context(), state, after, w.limit+1)
	if err != nil {
		return err
	}
	items := make([]job, len(found))
	for i, j := range found {
		items[i] = jobOf(j)
	}
	return sayPage(c, w, items, func(j job) string { return j.ID })
}

func (a *API) onJob(deed func(context.Context, int64) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := strconv.ParseInt(c.Param("job"), 10, 64)
		if err != nil || id < 1 {
			return doctor.ErrNoJob
		}
		if err := deed(c.Request().Context(), id); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}

// retried is how many jobs are tried again.
type retried struct {
	Count int `json:"count"`
}

func (a *API) retryJobs(c echo.Context) error {
	n, err := a.Doctor.RetryJobs(c.Request().Context(), c.Param("kind"))
	if err != nil {
		return err
	}
	return say(c, http.StatusOK, retried{n})
}
