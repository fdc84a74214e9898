package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

func (a *API) kept(g *echo.Group) {
	g.GET("/orgs/:org/keeping", a.getKeeping, known())
	g.PUT("/orgs/:org/keeping", a.setKeeping, a.fresh, known())
	g.DELETE("/orgs/:org/keeping", a.dropKeeping, a.fresh, known())
}

// keeping is how long a place keeps its readings, in days; 0 is for ever.
type keeping struct {
	Entries int       `json:"entries"`
	Sums    int       `json:"sums"`
	From    string    `json:"from"` // own, above or nobody: whose rule counts
	By      string    `json:"from_name,omitzero"`
	Runs    []keepRun `json:"runs"`
}

// keepRun is one round in which old readings went, everywhere.
type keepRun struct {
	Started time.Time `json:"started_at"`
	Ended   time.Time `json:"ended_at,omitzero"`
	Percent int       `json:"percent"`
	Stopped bool      `json:"stopped"`
	Entries *int      `json:"entries,omitzero"` // for who looks after the platform
	Sums    *int      `json:"sums,omitzero"`
}

// settled leaves out what the rounds did.
func (k keeping) settled() any {
	k.Runs = nil
	return k
}

func keepingOf(k orgs.Kept) keeping {
	out := keeping{Entries: k.Entries, Sums: k.Sums, From: "nobody", By: k.By}
	switch {
	case k.Own:
		out.From = "own"
	case k.Above:
		out.From = "above"
	}
	for _, r := range k.Runs {
		out.Runs = append(out.Runs, keepRun{r.Started, r.Ended, r.Percent, r.Stopped, counted(int(r.Entries)), counted(int(r.Sums))})
	}
	return out
}

// keepingHere is what counts for the place that the address names, if it still is
// what the caller saw.
func (a *API) keepingHere(c echo.Context) (k keeping, org iam.OrgID, err error) {
	if org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return k, org, err
	}
	v, err := a.keepings.Of(c.Request().Context(), org)
	if err != nil {
		return k, org, err
	}
	k = keepingOf(v)
	return k, org, still(c, k)
}

func (a *API) getKeeping(c echo.Context) error {
	k, _, err := a.keepingHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, k)
}

func (a *API) setKeeping(c echo.Context) error {
	var in struct {
		Entries int `json:"entries"`
		Sums    int `json:"sums"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	_, org, err := a.keepingHere(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := a.keepings.Set(ctx, org, in.Entries, in.Sums); err != nil {
		return err
	}
	now, err := a.keepings.Of(ctx, org)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, keepingOf(now))
}

func (a *API) dropKeeping(c echo.Context) error {
	_, org, err := a.keepingHere(c)
	if err != nil {
		return err
	}
	return silently(c, a.keepings.Drop(c.Request().Context(), org))
}
