package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/devices/doctor"
	"halfkey/migrations"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// jobsAtOnce is how many jobs a page lists.
const jobsAtOnce = 50

// jobsPage is the queue, state by state, and what failed outside of it.
type jobsPage struct {
	State string // "": any
	Tabs  []ui.Tab
	Jobs  []migrations.Job
	First string // of the pages; "": this is it
	Next  string
	Back  string
	Hooks []doctor.Hook
	Stuck []connectors.Stuck
}

// jobs is what is done beside requests, to who looks after the installation.
func (p *Health) jobs(c echo.Context) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "jobs.title"), "admin-health")
	if err != nil {
		return err
	}
	v := jobsPage{State: c.QueryParam("state")}
	if !slices.Contains(migrations.JobStates, v.State) {
		v.State = ""
	}
	after, _ := strconv.ParseInt(c.QueryParam("after"), 10, 64)
	if v.Jobs, err = p.Doctor.Jobs(ctx, v.State, after, jobsAtOnce+1); err != nil {
		return err
	}
	q := adminQuery("state", v.State)
	v.Back = "/admin/jobs"
	if len(q) > 0 {
		v.Back += "?" + q.Encode()
	}
	if after > 0 {
		v.First = v.Back
	}
	if len(v.Jobs) > jobsAtOnce {
		v.Jobs = v.Jobs[:jobsAtOnce]
		v.Next = adminNext("/admin/jobs", q, strconv.FormatInt(v.Jobs[jobsAtOnce-1].ID, 10))
	}
	counts, err := p.Doctor.JobCounts(ctx)
	if err != nil {
		return err
	}
	v.Tabs = []ui.Tab{{Label: ui.T(ctx, "jobs.all"), Href: "/admin/jobs"}}
	for _, state := range migrations.JobStates {
		if counts[state] > 0 || state == v.State || state == migrations.JobDead {
			v.Tabs = append(v.Tabs, ui.Tab{ID: state, Label: jobState(ctx, state) + " " + strconv.Itoa(counts[state]), Href: "/admin/jobs?" + url.Values{"state": {state}}.Encode()})
		}
	}
	if v.Hooks, err = p.Doctor.Hooks(ctx); err != nil {
		return err
	}
	if p.Doctor.Desk != nil {
		if v.Stuck, err = p.Doctor.Desk.Stuck(ctx, "", jobsAtOnce); err != nil {
			return err
		}
	}
	h.Page.Path = v.Back
	return show.Page(c, http.StatusOK, jobsView(h.Page, v))
}

// jobID is the number that the address names.
func jobID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, doctor.ErrNoJob
	}
	return id, nil
}

func (p *Health) retryJob(c echo.Context) error {
	id, err := jobID(c)
	if err == nil {
		err = p.Doctor.RetryJob(c.Request().Context(), id)
	}
	return backOr(c, err)
}

func (p *Health) dropJob(c echo.Context) error {
	id, err := jobID(c)
	if err == nil {
		err = p.Doctor.DropJob(c.Request().Context(), id)
	}
	return backOr(c, err)
}

// retryJobs has all of a kind tried again that failed.
func (p *Health) retryJobs(c echo.Context) error {
	_, err := p.Doctor.RetryJobs(c.Request().Context(), c.Param("kind"))
	return backOr(c, err)
}
