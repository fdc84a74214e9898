package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
)

func (a *API) ages(g *echo.Group) {
	g.GET("/orgs/:org/key_ages", a.keyAges, paged("kind", "only"))
	g.GET("/orgs/:org/key_term", a.getKeyTerm, known())
	g.PUT("/orgs/:org/key_term", a.setKeyTerm, known())
}

// keyAge is what an auditor may know of a key: how old it is, and when it was used.
type keyAge struct {
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint,omitzero"`
	Name        string    `json:"name,omitzero"`
	Holder      string    `json:"holder,omitzero"`
	Org         string    `json:"org"`
	OrgName     string    `json:"org_name"`
	CreatedAt   time.Time `json:"created_at"`
	UsedAt      time.Time `json:"used_at,omitzero"`
	Uses        int64     `json:"uses,omitzero"` // where they are counted
	Never       bool      `json:"never_used"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	Term        int       `json:"term"` // how old it may grow there, in days
	Over        bool      `json:"too_old"`
}

func (a *API) keyAges(c echo.Context) error {
	w, err := windowOf(c, "key_ages")
	if err != nil {
		return err
	}
	f := devices.Inventory{After: w.after, Limit: w.limit + 1}
	if f.Org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return err
	}
	if f.Kind, err = oneOf(c, "kind", devices.KeyKinds...); err != nil {
		return err
	}
	if f.Kind == "" {
		f.Kind = devices.RegistrationKeys
	}
	only, err := oneOf(c, "only", "never", "old")
	if err != nil {
		return err
	}
	f.Never, f.Over = only == "never", only == "old"
	list, err := a.Devices.KeyInventory(c.Request().Context(), f)
	if err != nil {
		return err
	}
	now := a.Now()
	items := make([]keyAge, len(list))
	for i, k := range list {
		items[i] = keyAge{k.ID, k.Fingerprint, k.Name, k.Holder, string(k.OrgID), k.OrgName, k.Created, k.Used, k.Counted, k.Never(), k.Expires, k.Term, k.Over(now)}
	}
	return sayPage(c, w, items, func(k keyAge) string { return k.ID })
}

// keyTerm is how old keys may grow in a place, in days.
type keyTerm struct {
	Days int `json:"days"`
}

// termHere is what counts for the place that the address names, if it still is
// what the caller saw.
func (a *API) termHere(c echo.Context) (k keyTerm, org iam.OrgID, err error) {
	if org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return k, org, err
	}
	if k.Days, err = a.Devices.KeyTerm(c.Request().Context(), org); err != nil {
		return k, org, err
	}
	return k, org, still(c, k)
}

func (a *API) getKeyTerm(c echo.Context) error {
	k, _, err := a.termHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, k)
}

func (a *API) setKeyTerm(c echo.Context) error {
	var in keyTerm
	if err := read(c, &in); err != nil {
		return err
	}
	_, org, err := a.termHere(c)
	if err != nil {
		return err
	}
	if err := a.Devices.SetKeyTerm(c.Request().Context(), org, in.Days); err != nil {
		return err
	}
	return thing(c, http.StatusOK, in)
}
