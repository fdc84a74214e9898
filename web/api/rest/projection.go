package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/iam"
)

// projection is a channel outside: as it should be, and as it was seen there.
type projection struct {
	ID         string    `json:"id"`
	Org        string    `json:"org"`
	State      string    `json:"state"`
	Name       string    `json:"name"`
	SeenName   string    `json:"seen_name,omitzero"`
	External   string    `json:"external,omitzero"` // its name there
	Differs    bool      `json:"differs"`
	Pending    string    `json:"pending,omitzero"`
	Tries      int64     `json:"tries"`
	Entries    int64     `json:"entries"`
	Agent      bool      `json:"agent"`
	KeyVersion int64     `json:"key_version"`
	Error      string    `json:"error,omitzero"`
	ErrorAt    time.Time `json:"error_at,omitzero"`
	SyncedAt   time.Time `json:"synced_at,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
}

func projectionOf(v connectors.View) projection {
	p := projection{ID: v.ID, Org: string(v.Org), State: v.State, Name: v.Name, SeenName: v.SeenName, Differs: v.Differs, Pending: v.Pending, Tries: v.Tries, Entries: v.Entries,
		Agent: v.Agent, KeyVersion: v.KeyVersion, Error: v.Error, ErrorAt: iam.TimeOrZero(v.ErrorAt), SyncedAt: v.Synced, CreatedAt: iam.Time(v.CreatedAt)}
	if v.External != nil {
		p.External = *v.External
	}
	return p
}

func (a *API) projections(c echo.Context) error {
	which, err := id(c, "connector", anyID[connectors.ID])
	if err != nil {
		return err
	}
	w, err := windowOf(c, "projections")
	if err != nil {
		return err
	}
	list, err := a.Desk.Projections(c.Request().Context(), which, w.after, w.limit+1)
	if err != nil {
		return err
	}
	items := make([]projection, len(list))
	for i, v := range list {
		items[i] = projectionOf(v)
	}
	return sayPage(c, w, items, func(p projection) string { return p.ID })
}

// difference is between what is there and what should be.
type difference struct {
	Kind     string `json:"kind"`
	Channel  string `json:"channel,omitzero"`  // of ours; left out where we know none
	External string `json:"external,omitzero"` // its name there; left out where it is not there
	Name     string `json:"name,omitzero"`
}

func differenceOf(d connectors.Difference) difference {
	return difference{d.Kind, d.Projection, d.External, d.Name}
}

func (d difference) key() string { return d.Kind + " " + d.Channel + " " + d.External }

// mend does away with those of the differences that are still so, and tells which
// those were.
func (a *API) mend(c echo.Context) error {
	s, err := a.connectorHere(c)
	if err != nil {
		return err
	}
	var in struct {
		Differences []difference `json:"differences"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	chosen := make([]connectors.Difference, len(in.Differences))
	for i, d := range in.Differences {
		chosen[i] = connectors.Difference{Kind: d.Kind, Projection: d.Channel, External: d.External}
	}
	done, err := a.Desk.Apply(c.Request().Context(), s.ID, chosen)
	if err != nil {
		return err
	}
	out := page[difference]{Items: make([]difference, len(done))}
	for i, d := range done {
		out.Items[i] = differenceOf(d)
	}
	return say(c, http.StatusOK, out)
}
