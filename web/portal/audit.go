package portal

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// audit is the trail with every field, its check and its exports.
func (p *Portal) audit(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "audit.title"), "audit")
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ReadAudit, h.Org.ID); err != nil {
		return err
	}
	q, wrong := parseActivityQuery("/audit", c.QueryParams())
	return p.answerTrail(c, h, q, wrong)
}

// guard adds what the last check of the chain found, and on the auditor's page
// the exports.
func (p *Portal) guard(ctx context.Context, v *activityPage, h frame.Here) error {
	trail, err := audit.Of(p.DB)
	if err != nil {
		return err
	}
	c, known, err := trail.LastCheck(ctx, string(h.Org.Tenant))
	if err != nil {
		return err
	}
	if known {
		v.Check = &c
	}
	v.CanCheck = v.Query.path == "/audit"
	if !v.CanCheck || !p.Decider.May(ctx, policies.ExportAudit, h.Org.ID) {
		return nil
	}
	v.CanExport = true
	v.Exports, err = trail.Exports(ctx, string(h.Org.Tenant), string(h.Org.ID))
	return err
}

// checkTrail looks whether the chain holds, at once or, where it is long, by a job.
func (p *Portal) checkTrail(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.atForm(c, policies.ReadAudit)
	if err != nil {
		return err
	}
	trail, err := audit.Of(p.DB)
	if err != nil {
		return err
	}
	if _, err := trail.Check(ctx, string(h.Org.Tenant), string(h.Org.ID)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/audit?org="+string(h.Org.ID)+"#check")
}

// atForm is the place that a form names, where the viewer may do act.
func (p *Portal) atForm(c echo.Context, act policies.Action) (h frame.Here, err error) {
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return h, err
	}
	if h, err = p.Frame.In(c, org, "", "audit"); err != nil {
		return h, err
	}
	return h, p.Decider.Require(c.Request().Context(), act, org)
}

// makeExport begins an export of what the form filters for.
func (p *Portal) makeExport(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.atForm(c, policies.ExportAudit)
	if err != nil {
		return err
	}
	format, err := audit.ParseFormat(c.FormValue("format"))
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	q, err := parseActivityQuery("/audit", form)
	if err != nil {
		return err
	}
	f, own, err := p.trail(ctx, h.Org)
	if err != nil {
		return err
	}
	if own {
		return policies.ErrRefused
	}
	if err := p.narrow(ctx, &f, q); err != nil {
		return err
	}
	f.Before = 0
	trail, err := audit.Of(p.DB)
	if err != nil {
		return err
	}
	e, err := trail.Export(ctx, iam.NewID(), string(h.Org.ID), f, format)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/audit/exports/"+e.ID)
}

// exportAt is the export that the address names, for who may export at its place.
func (p *Portal) exportAt(c echo.Context) (*audit.Trail, audit.Export, error) {
	ctx := c.Request().Context()
	trail, err := audit.Of(p.DB)
	if err != nil {
		return nil, audit.Export{}, err
	}
	e, err := trail.FindExport(ctx, c.Param("id"))
	if err != nil {
		return nil, e, err
	}
	may, err := p.Decider.MayTake(ctx, e)
	if err == nil && !may {
		err = audit.ErrNoExport
	}
	return trail, e, err
}

// export shows how far an export is, and offers its two files.
func (p *Portal) export(c echo.Context) error {
	ctx := c.Request().Context()
	trail, e, err := p.exportAt(c)
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, iam.OrgID(e.OrgID), ui.T(ctx, "audit.export.title"), "audit")
	if err != nil {
		return err
	}
	key, err := trail.ExportKey()
	if err != nil {
		return err
	}
	if e.State == audit.Working {
		c.Response().Header().Set("Refresh", "3")
	}
	return show.Page(c, http.StatusOK, exportPage(h.Page, e, key.ID(), "/audit?org="+e.OrgID))
}

func (p *Portal) exportFile(c echo.Context) error {
	trail, e, err := p.exportAt(c)
	if err == nil && e.State != audit.Ready {
		err = audit.ErrNoExport
	}
	if err != nil {
		return err
	}
	mime := "text/csv; charset=utf-8"
	if e.Format == audit.NDJSON {
		mime = "application/x-ndjson"
	}
	attach(c, e.Name(), mime)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	return trail.Download(c.Request().Context(), e, c.Response())
}

func (p *Portal) exportSignature(c echo.Context) error {
	_, e, err := p.exportAt(c)
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

// attach begins a file that a browser saves.
func attach(c echo.Context, name, mime string) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, mime)
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	c.Response().WriteHeader(http.StatusOK)
}

// signingKey is the public key with which anybody checks an export.
func (p *Portal) signingKey(c echo.Context) error {
	trail, err := audit.Of(p.DB)
	if err != nil {
		return err
	}
	key, err := trail.ExportKey()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(key.JWK(), "", "  ")
	if err != nil {
		return err
	}
	attach(c, "halfkey-export-key.json", "application/jwk+json")
	_, err = c.Response().Write(append(text, '\n'))
	return err
}
