package rest

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/devices/bulk"
	"halfkey/iam"
)

func (a *API) runs(g *echo.Group) {
	g.POST("/bulk", a.startRun, a.once, known())
	g.GET("/runs", a.listRuns, paged())
	g.GET("/runs/:run", a.getRun, known())
}

// run is one deed done to many things.
type run struct {
	ID        string    `json:"id"`
	Org       string    `json:"org"`
	Act       string    `json:"act"`
	State     string    `json:"state"`
	Total     int       `json:"total"`
	Done      int       `json:"done"`
	Failed    int       `json:"failed"`
	CreatedAt time.Time `json:"created_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Errors    []failed  `json:"errors,omitzero"`
}

// failed is one thing that came to nothing.
type failed struct {
	Line  int    `json:"line,omitzero"`
	Field string `json:"column,omitzero"`
	Thing string `json:"thing"`
	Code  string `json:"code"`
	What  string `json:"what"`
}

func runOf(r bulk.Run) run {
	out := run{ID: r.ID, Org: string(r.Org), Act: string(r.Act), State: string(r.State), Total: r.Total, Done: r.Done, Failed: r.Failed, CreatedAt: r.CreatedAt, EndedAt: r.EndedAt}
	for _, e := range r.Errors {
		out.Errors = append(out.Errors, failed(e))
	}
	return out
}

// sayRun answers with a run that has begun.
func sayRun(c echo.Context, r bulk.Run, err error) error {
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", Prefix+"/runs/"+r.ID)
	return say(c, http.StatusAccepted, runOf(r))
}

func (a *API) startRun(c echo.Context) error {
	var in struct {
		Act     string   `json:"act"`
		Devices []string `json:"devices"`
		Filter  *struct {
			Org   string `json:"org"`
			Text  string `json:"q"`
			State string `json:"state"`
			Key   string `json:"key"`
		} `json:"filter"`
		To string `json:"to"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	w := bulk.Wish{Act: bulk.Act(in.Act)}
	for _, s := range in.Devices {
		dev, err := named("devices", s, iam.ParseDeviceID)
		if err != nil {
			return err
		}
		w.Devices = append(w.Devices, dev)
	}
	var err error
	if w.Act == bulk.Move {
		if w.To, err = named("to", in.To, iam.ParseOrgID); err != nil {
			return err
		}
	}
	if f := in.Filter; f != nil {
		w.Filter = &devices.Filter{Text: f.Text, State: devices.State(f.State)}
		if f.Org != "" {
			if w.Filter.Org, err = named("filter/org", f.Org, iam.ParseOrgID); err != nil {
				return err
			}
		}
		if f.Key != "" {
			if w.Filter.Key, err = named("filter/key", f.Key, iam.ParseKeyID); err != nil {
				return err
			}
		}
		if f.State != "" && !slices.Contains(states, w.Filter.State) {
			return ErrBody.At("filter/state", "is no state of a device")
		}
	}
	r, err := a.Bulk.Start(c.Request().Context(), w)
	return sayRun(c, r, err)
}

func (a *API) listRuns(c echo.Context) error {
	all := func() ([]bulk.Run, error) { return a.Bulk.List(c.Request().Context()) }
	return listOf(c, "runs", all, runOf, func(r run) string { return r.ID })
}

func (a *API) getRun(c echo.Context) error {
	r, err := a.Bulk.Get(c.Request().Context(), c.Param("run"))
	if err != nil {
		return err
	}
	return say(c, http.StatusOK, runOf(r))
}

// isFile tells whether the body is a file of lines.
func isFile(c echo.Context) bool {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	return err == nil && kind == "text/csv"
}

// file starts a run on the lines of the body.
func (a *API) file(c echo.Context, start func(context.Context, io.Reader, bool) (bulk.Run, error)) error {
	good, err := yes(c, "good_rows")
	if err != nil {
		return err
	}
	r, err := start(c.Request().Context(), http.MaxBytesReader(c.Response(), c.Request().Body, fileMost), good)
	return sayRun(c, r, err)
}
