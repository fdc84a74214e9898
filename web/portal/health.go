package portal

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/doctor"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/auth"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// Health is the pages of what is broken now, and of the work that is done beside
// requests.
type Health struct{ *Portal }

// Mount adds the pages; g lets only those in who are signed in.
func (p *Health) Mount(g *echo.Group) {
	if p.Doctor == nil {
		return
	}
	for path, page := range map[string]echo.HandlerFunc{"/broken": p.broken, "/admin/health": p.health, "/admin/jobs": p.jobs} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.POST("/admin/jobs/:id/retry", p.retryJob)
	g.POST("/admin/jobs/:id/drop", p.dropJob)
	g.POST("/admin/jobs/kinds/:kind/retry", p.retryJobs)
	g.POST("/webhooks/:id/again", p.webhookAgain)
	g.POST("/webhooks/:id/let-go", p.webhookLetGo)
}

// Streams are the pages that stay alive.
func (p *Health) Streams() map[string]frame.Stream {
	if p.Doctor == nil {
		return nil
	}
	return map[string]frame.Stream{"health": p.healthStream, "broken": p.brokenStream}
}

// health is everything that is wrong in the installation.
func (p *Health) health(c echo.Context) error {
	h, _, err := p.Frame.Platform(c, ui.T(c.Request().Context(), "doctor.title"), "admin-health")
	if err != nil {
		return err
	}
	return p.answer(c, h, "", "health", "/admin/health")
}

// broken is what is wrong in a place and below it.
func (p *Health) broken(c echo.Context) error {
	h, err := p.brokenHere(c)
	if err != nil {
		return err
	}
	return p.answer(c, h, h.Org.ID, "broken", brokenAt(h.Org.ID))
}

func (p *Health) brokenHere(c echo.Context) (frame.Here, error) {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "doctor.title"), "broken")
	if err != nil {
		return h, err
	}
	if h.Org.ID == "" {
		return h, policies.ErrHidden
	}
	return h, p.Decider.Require(ctx, policies.ReadConnector, h.Org.ID)
}

func brokenAt(org iam.OrgID) string { return "/broken?org=" + string(org) }

func (p *Health) answer(c echo.Context, h frame.Here, org iam.OrgID, page, at string) error {
	ctx := c.Request().Context()
	v, err := p.findings(ctx, org, at)
	if err != nil {
		return err
	}
	h.Page.Path, h.Page.Stream = at, h.Events(page)
	return show.Page(c, http.StatusOK, healthView(h.Page, v))
}

// findings are what the doctor found, in words; a deed leads back to where it was
// done.
func (p *Health) findings(ctx context.Context, org iam.OrgID, back string) (findings, error) {
	found, err := p.Doctor.Find(ctx, org)
	v := findings{Now: p.Now(), Back: back, Jobs: org == ""}
	for _, f := range found {
		v.Lines = append(v.Lines, finding{show.Finding(ctx, f), f.Weight, f.Since, f.Next, f.Code == doctor.CertEnds})
	}
	return v, err
}

func (p *Health) healthStream(c echo.Context) (stream.View, error) {
	if _, err := p.Orgs.Platform(c.Request().Context()); err != nil {
		return stream.View{}, err
	}
	return p.live("", "/admin/health"), nil
}

func (p *Health) brokenStream(c echo.Context) (stream.View, error) {
	h, err := p.brokenHere(c)
	return p.live(h.Org.ID, brokenAt(h.Org.ID)), err
}

func (p *Health) live(org iam.OrgID, back string) stream.View {
	return stream.View{Draw: func(ctx context.Context, out *stream.Out) error {
		if org == "" {
			if _, err := p.Orgs.Platform(ctx); err != nil {
				return err // who looks after the installation no more
			}
		}
		v, err := p.findings(ctx, org, back)
		if err != nil {
			return err
		}
		return out.Part(ctx, "findings", findingsPart(v))
	}}
}

func (p *Health) webhookAgain(c echo.Context) error {
	_, err := p.Webhooks.Again(c.Request().Context(), c.Param("id"))
	return backOr(c, err)
}

func (p *Health) webhookLetGo(c echo.Context) error {
	_, err := p.Webhooks.LetGo(c.Request().Context(), c.Param("id"))
	return backOr(c, err)
}

// backOr leads back to where a form was sent from, if its deed was done.
func backOr(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, auth.Next(c.FormValue("back")))
}

// needs is how many things are broken at a place and below it, for its home page.
func (p *Portal) needs(ctx context.Context, org iam.OrgID) (n int, err error) {
	if p.Doctor == nil || !p.Decider.May(ctx, policies.ReadConnector, org) {
		return 0, nil
	}
	found, err := p.Doctor.Find(ctx, org)
	for _, f := range found {
		if f.Weight == doctor.Broken {
			n++
		}
	}
	return n, err
}

// findings is what is wrong, and when that was found out.
type findings struct {
	Lines []finding
	Now   time.Time
	Back  string
	Jobs  bool // of the whole installation
}

type finding struct {
	show.Told
	Weight      doctor.Weight
	Since, Next time.Time
	Ends        bool // Next is an end, not another try
}

// looks are the kind of banner of a finding and its sign.
func (f finding) looks() (kind, icon string) {
	switch f.Weight {
	case doctor.Broken:
		return "error", "circle-x"
	case doctor.Shaky:
		return "warn", "triangle-alert"
	}
	return "info", "info"
}
