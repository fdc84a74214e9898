package portal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// Agents is the pages of industrial agents: those of a place, making them, and
// one of them with all that it is given and sends.
type Agents struct {
	*Portal
	Agents *agents.Service
}

// Mount adds the pages; g lets only those in who are signed in.
func (p *Agents) Mount(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{
		"/agents": p.list, "/agents/new": p.askNew, "/agents/bulk": p.askMany, "/agents/:id": p.one,
		"/agents/terms": p.terms, "/admin/orgs/:id/agents": p.quota, "/admin/signing-key": p.signingKey,
		"/agents/:id/points": p.points, "/agents/:id/network": p.network, "/agents/:id/files/*": p.file,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh
	g.POST("/agents", p.create)
	g.POST("/agents/bulk", p.checkMany)
	g.POST("/agents/bulk/create", p.createMany, fresh)
	g.POST("/agents/terms", p.setTerms, fresh)
	g.POST("/agents/terms/key", p.changeKey, fresh)
	g.POST("/admin/orgs/:id/agents", p.setQuota, fresh)
	g.POST("/admin/signing-key", p.changePlatformKey, fresh)
	g.POST("/agents/:id", p.change)
	g.POST("/agents/:id/boarding", p.download, fresh)
	g.POST("/agents/:id/offboard", p.offboard, fresh)
	g.POST("/agents/:id/remove", p.remove)
	g.POST("/agents/:id/points", p.keepPoint)
	g.POST("/agents/:id/points/remove", p.dropPoint)
	g.POST("/agents/:id/network", p.keepNetwork)
}

// Streams are the pages that stay alive.
func (p *Agents) Streams() map[string]frame.Stream {
	return map[string]frame.Stream{"agents": p.listStream, "agent": p.oneStream}
}

func agentPath(id agents.ID) string { return "/agents/" + string(id) }

// named is the agent that the address names.
func (p *Agents) named(c echo.Context) (agents.Agent, error) {
	id, err := agents.ParseID(c.Param("id"))
	if err != nil {
		return agents.Agent{}, agents.ErrUnknown
	}
	return p.Agents.Get(c.Request().Context(), id)
}

// managed is the agent that the address names, for who may change it: nobody else
// is asked whether he is sure.
func (p *Agents) managed(c echo.Context) (agents.Agent, error) {
	a, err := p.named(c)
	if err == nil && !p.Decider.May(c.Request().Context(), policies.ManageAgent, a.Org) {
		err = policies.ErrRefused
	}
	return a, err
}

// here is the agent that the address names, and the frame of its page.
func (p *Agents) here(c echo.Context) (h frame.Here, a agents.Agent, err error) {
	if a, err = p.named(c); err != nil {
		return h, a, err
	}
	h, err = p.Frame.In(c, a.Org, a.Name, "agents")
	h.Page.Path = agentPath(a.ID)
	return h, a, err
}

func (p *Agents) one(c echo.Context) error {
	return p.answer(c, http.StatusOK, agentForm{})
}

// answer draws an agent's page, with what was wrong with a form of it.
func (p *Agents) answer(c echo.Context, status int, f agentForm) error {
	ctx := c.Request().Context()
	h, a, err := p.here(c)
	if err != nil {
		return err
	}
	v, err := p.view(ctx, a, c.QueryParam("range"))
	if err != nil {
		return err
	}
	if v.Form = f; f.Wrong == nil {
		v.Form = agentForm{Name: a.Name, Profile: string(a.Profile)}
	}
	v.OrgHref = "/agents?org=" + string(a.Org)
	v.Base = p.Agents.BaseURL(ctx)
	h.Page.Stream = eventsFor("agent", h, "id", string(a.ID))
	return show.Page(c, status, agentView(h.Page, v))
}

func (p *Agents) view(ctx context.Context, a agents.Agent, wanted string) (v agentPage, err error) {
	d, err := p.Devices.Get(ctx, a.Device)
	if err != nil {
		return v, err
	}
	v = agentPage{ID: string(a.ID), Href: agentPath(a.ID), Device: "/devices/" + string(a.Device), Name: a.Name, Manages: p.Decider.May(ctx, policies.ManageAgent, a.Org),
		Reads: d.Values, File: fileName(a)}
	v.now(ctx, a, d, p.Now())
	if v.Sources, err = p.Agents.Sources(ctx, a.ID); err != nil {
		return v, err
	}
	if v.Reads {
		link := func(r plot.Range) string { return v.Href + "?range=" + r.ID }
		if v.Chart, err = p.chart(ctx, d, wanted, link); err != nil {
			return v, err
		}
		if err := p.sent(ctx, a, &v); err != nil {
			return v, err
		}
	}
	v.Network = networkOf(a.Network)
	if v.History, err = p.history(ctx, d); mayNot(err) {
		err = nil
	}
	return v, err
}

// sent is what came from the agent besides its values.
func (p *Agents) sent(ctx context.Context, a agents.Agent, v *agentPage) (err error) {
	const most = 10
	if v.Events, v.EventsAll, err = p.Agents.Events(ctx, agents.EventQuery{Entity: a.ID, From: time.Unix(1, 0), Size: most}); err != nil {
		return err
	}
	v.Files, err = p.Agents.ListFiles(ctx, a.ID, "", most)
	return err
}

// now is what changes while the page is open.
func (v *agentPage) now(ctx context.Context, a agents.Agent, d devices.View, now time.Time) {
	v.Stage, v.Profile, v.Aboard, v.Fetched, v.Renewed, v.Expires = a.Stage(now), string(a.Profile), !a.Onboarded.IsZero(), a.Fetched, int(a.Renewed), a.Until()
	v.Left, v.Heard, v.Proved, v.Onboarded, v.Paused = left(ctx, a.Until(), now), plot.Heard(d.Summary), a.Proved, a.Onboarded, d.State == devices.Suspended
	v.Title, v.Value, v.Unit = d.Summary.FieldName, plot.Value(d.Summary), d.Summary.Unit
	v.Ticks, v.At = agentSteps(ctx, a, d, now)
}

// agentSteps is how far the agent has come, and which of the steps comes next.
func agentSteps(ctx context.Context, a agents.Agent, d devices.View, now time.Time) (ticks []ui.Tick, at int) {
	var heard time.Time
	if d.Summary.LastValue != "" {
		heard = plot.Heard(d.Summary)
	}
	fetched := a.Fetched
	if fetched.IsZero() {
		fetched = a.Onboarded // the file was there, whoever carried it
	}
	if a.Onboarded.IsZero() {
		heard = time.Time{} // before it was offboarded
	}
	for i, when := range []time.Time{a.Created, fetched, a.Onboarded, a.Onboarded, a.Onboarded, a.Proved, heard} {
		t := ui.Tick{Text: agentStep(ctx, i, false), State: "wait"}
		if !when.IsZero() && at == i {
			at, t = i+1, ui.Tick{Text: agentStep(ctx, i, true), State: "done", When: briefly(ctx, when)}
		}
		ticks = append(ticks, t)
	}
	switch a.Stage(now) {
	case agents.Late:
		ticks[2].State, ticks[2].Text = "wrong", ui.T(ctx, "agents.tick.late")
	case agents.Lapsed:
		ticks[4].State, ticks[4].Text, ticks[4].When = "wrong", ui.T(ctx, "agents.tick.lapsed"), ui.Moment(ctx, a.Expires)
	}
	return ticks, at
}

func (p *Agents) oneStream(c echo.Context) (stream.View, error) {
	id, err := agents.ParseID(c.QueryParam("id"))
	if err != nil {
		return stream.View{}, agents.ErrUnknown
	}
	a, err := p.Agents.Get(c.Request().Context(), id)
	if err != nil {
		return stream.View{}, err
	}
	fresh := p.fresh(c.Request().Context(), a.Channel)
	base := p.Agents.BaseURL(c.Request().Context())
	wants := func(e live.Event) bool { return e.ID == string(a.Device) || e.ID == a.Channel }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		a, err := p.Agents.Get(ctx, id)
		if err != nil {
			return err
		}
		v, err := p.view(ctx, a, "")
		if err != nil {
			return err
		}
		v.Base = base
		err = firstError(
			func() error { return out.Part(ctx, "agent-state", agentState(v)) },
			func() error { return out.Part(ctx, "agent-steps", agentStrip(v)) },
			func() error { return out.Part(ctx, "agent-boarding", agentBoarding(v)) },
			func() error { return out.Part(ctx, "agent-credentials", agentCredentials(v)) },
			func() error { return out.Part(ctx, "agent-points", agentPoints(v)) },
			func() error { return out.Part(ctx, "agent-deeds", agentDeeds(v)) },
			func() error { return out.Part(ctx, "news", newsFeed(v.History)) },
		)
		if err != nil || !v.Reads {
			return err
		}
		return firstError(
			func() error { return out.Part(ctx, "agent-sent", agentSent(v)) },
			func() error { return p.drawFresh(ctx, out, a.Channel, fresh) },
		)
	}}, nil
}

// fileName is the agent's name as a file's.
func fileName(a agents.Agent) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, a.Name)
	if name = strings.Trim(name, "-"); name == "" {
		name = string(a.ID)
	}
	return name
}
