package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// trailCheck is what a look at an organisation's trail found.
type trailCheck struct {
	State   string    `json:"state"` // working, ready or broken
	Lines   int64     `json:"lines"`
	Last    int64     `json:"last_seq"`
	Bad     int64     `json:"bad_seq,omitzero"` // the first line that does not fit
	What    string    `json:"what,omitzero"`
	AskedBy string    `json:"asked_by"`
	AskedAt time.Time `json:"asked_at"`
	EndedAt time.Time `json:"ended_at,omitzero"`
}

func sayCheck(c echo.Context, status int, k audit.Check) error {
	return say(c, status, trailCheck{k.State, k.Lines, k.LastSeq, k.BadSeq, k.What, k.AskedBy, iam.Time(k.AskedAt), iam.TimeOrZero(k.EndedAt)})
}

// trailAt is the trail, and the organisation and the place that the address
// names, for who may read what happened there.
func (a *API) trailAt(c echo.Context) (t *audit.Trail, tenant, org iam.OrgID, err error) {
	ctx := c.Request().Context()
	if org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return t, tenant, org, err
	}
	if err = a.Decider.Require(ctx, policies.ReadAudit, org); err != nil {
		return t, tenant, org, err
	}
	if tenant, err = a.Decider.TenantOf(ctx, org); err != nil {
		return t, tenant, org, err
	}
	t, err = audit.Of(a.DB)
	return t, tenant, org, err
}

// checkTrail looks whether the trail is whole; a long one is looked at by a job.
func (a *API) checkTrail(c echo.Context) error {
	t, tenant, org, err := a.trailAt(c)
	if err != nil {
		return err
	}
	k, err := t.Check(c.Request().Context(), string(tenant), string(org))
	if err != nil {
		return err
	}
	if k.State == audit.Working {
		return sayCheck(c, http.StatusAccepted, k)
	}
	return sayCheck(c, http.StatusOK, k)
}

// lastCheck tells what was found last.
func (a *API) lastCheck(c echo.Context) error {
	t, tenant, _, err := a.trailAt(c)
	if err != nil {
		return err
	}
	k, known, err := t.LastCheck(c.Request().Context(), string(tenant))
	if err != nil {
		return err
	}
	if !known {
		return c.NoContent(http.StatusNoContent)
	}
	return sayCheck(c, http.StatusOK, k)
}
