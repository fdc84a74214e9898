package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

func (a *API) taking(g *echo.Group) {
	g.GET("/orgs/:org/audit/exports", a.trailExports, paged())
	g.POST("/orgs/:org/audit/exports", a.exportTrail, a.once, known("verb", "actor", "object", "door", "outcome", "from", "to"))
	g.GET("/audit/exports/:export", a.getTrailExport, known())
	g.GET("/audit/exports/:export/file", a.trailFile, known())
	g.GET("/audit/exports/:export/signature", a.trailSignature, known())
	g.GET("/audit/export_key", a.exportKey, known())
	g.GET("/orgs/:org/audit/check", a.lastCheck, known())
	g.POST("/orgs/:org/audit/check", a.checkTrail, known())
}

// trailExport is a part of the trail that somebody takes away.
type trailExport struct {
	ID        string    `json:"id"`
	Org       string    `json:"org"`
	Format    string    `json:"format"`
	State     string    `json:"state"`
	Percent   int       `json:"percent"`
	File      string    `json:"file"`
	Lines     int64     `json:"lines"`
	Bytes     int64     `json:"bytes"`
	AskedBy   string    `json:"asked_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func trailExportOf(e audit.Export) trailExport {
	return trailExport{e.ID, e.OrgID, string(e.Format), e.State, e.Percent(), e.Name(), e.Lines, e.Bytes, e.AskedBy, iam.Time(e.CreatedAt), iam.Time(e.ExpiresAt)}
}

func (a *API) trailExports(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := a.Decider.Require(ctx, policies.ExportAudit, org); err != nil {
		return err
	}
	o, err := a.Orgs.Get(ctx, org)
	if err != nil {
		return err
	}
	t, err := audit.Of(a.DB)
	if err != nil {
		return err
	}
	all := func() ([]audit.Export, error) { return t.Exports(ctx, string(o.Tenant), string(org)) }
	return listOf(c, "trail_exports", all, trailExportOf, func(e trailExport) string { return e.ID })
}

func (a *API) exportTrail(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := a.Decider.Require(ctx, policies.ExportAudit, org); err != nil {
		return err
	}
	o, err := a.Orgs.Get(ctx, org)
	if err != nil {
		return err
	}
	in := struct {
		Format string `json:"format"`
	}{string(audit.NDJSON)}
	if err := read(c, &in); err != nil {
		return err
	}
	format, err := audit.ParseFormat(in.Format)
	if err != nil {
		return err
	}
	f, err := a.wanted(c, o)
	if err != nil {
		return err
	}
	t, err := audit.Of(a.DB)
	if err != nil {
		return err
	}
	e, err := t.Export(ctx, iam.NewID(), string(org), f, format)
	if err != nil {
		return err
	}
	return created(c, "/audit/exports/"+e.ID, trailExportOf(e))
}

// exportHere is the export that the address names, for who may export at its place.
func (a *API) exportHere(c echo.Context) (*audit.Trail, audit.Export, error) {
	which, err := id(c, "export", iam.ParseAssignmentID) // an id like any other
	if err != nil {
		return nil, audit.Export{}, err
	}
	t, err := audit.Of(a.DB)
	if err != nil {
		return nil, audit.Export{}, err
	}
	ctx := c.Request().Context()
	e, err := t.FindExport(ctx, string(which))
	if err != nil {
		return t, e, err
	}
	may, err := a.Decider.MayTake(ctx, e)
	if err == nil && !may {
		err = audit.ErrNoExport
	}
	return t, e, err
}

func (a *API) getTrailExport(c echo.Context) error {
	_, e, err := a.exportHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, trailExportOf(e))
}

func (a *API) trailFile(c echo.Context) error {
	t, e, err := a.exportHere(c)
	if err == nil && e.State != audit.Ready {
		err = audit.ErrNoExport
	}
	if err != nil {
		return err
	}
	kind := "text/csv; charset=utf-8"
	if e.Format == audit.NDJSON {
		kind = "application/x-ndjson"
	}
	attach(c, e.Name(), kind)
	return t.Download(c.Request().Context(), e, c.Response())
}

func (a *API) trailSignature(c echo.Context) error {
	_, e, err := a.exportHere(c)
	if err == nil && e.State != audit.Ready {
		err = audit.ErrNoExport
	}
	if err != nil {
		return err
	}
	attach(c, e.Name()+".jws", "application/jose")
	_, err = c.Response().Write([]byte(e.Signature + "\n"))
	return err
}

// attach begins a file.
func attach(c echo.Context, name, kind string) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, kind)
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.Response().WriteHeader(http.StatusOK)
}

// exportKey is the public key with which anybody checks an export.
func (a *API) exportKey(c echo.Context) error {
	t, err := audit.Of(a.DB)
	if err != nil {
		return err
	}
	key, err := t.ExportKey()
	if err != nil {
		return err
	}
	return say(c, http.StatusOK, key.JWK())
}
