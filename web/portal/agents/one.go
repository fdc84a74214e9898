package agents

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/plot"
	"halfkey/web/portal"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

func (p *Pages) one(c echo.Context) error {
	return p.answer(c, http.StatusOK, typed{})
}

// answer draws an agent's page, with what was wrong with a form of it.
func (p *Pages) answer(c echo.Context, status int, f typed) error {
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
		v.Form = typed{Name: a.Name, Profile: string(a.Profile)}
	}
	v.OrgHref = "/agents?org=" + string(a.Org)
	v.Base = p.Agents.BaseURL(ctx)
	h.Page.Stream = h.Events("agent", "id", string(a.ID))
	return show.Page(c, status, oneView(h.Page, v))
}

func (p *Pages) view(ctx context.Context, a agents.Agent, wanted string) (v onePage, err error) {
	d, err := p.Devices.Get(ctx, a.Device)
	if err != nil {
		return v, err
	}
	v = onePage{ID: string(a.ID), Href: pathOf(a.ID), Device: "/devices/" + string(a.Device), Name: a.Name, Manages: p.Decider.May(ctx, policies.ManageAgent, a.Org),
		Reads: d.Values, File: fileName(a)}
	v.now(ctx, a, d, p.Now())
	if v.Sources, err = p.Agents.Sources(ctx, a.ID); err != nil {
		return v, err
	}
	if v.Reads {
		link := func(r plot.Range) string { return v.Href + "?range=" + r.ID }
		if v.Chart, err = p.Chart(ctx, d, wanted, link); err != nil {
			return v, err
		}
		if err := p.sent(ctx, a, &v); err != nil {
			return v, err
		}
	}
	v.Network = networkOf(a.Network)
	v.History, err = p.History(ctx, d)
	return v, err
}

// sent is what came from the agent besides its values.
func (p *Pages) sent(ctx context.Context, a agents.Agent, v *onePage) (err error) {
	const most = 10
	if v.Events, v.EventsAll, err = p.Agents.Events(ctx, agents.EventQuery{Entity: a.ID, From: time.Unix(1, 0), Size: most}); err != nil {
		return err
	}
	v.Files, err = p.Agents.ListFiles(ctx, a.ID, "", most)
	return err
}

// now is what changes while the page is open.
func (v *onePage) now(ctx context.Context, a agents.Agent, d devices.View, now time.Time) {
	v.Stage, v.Profile, v.Aboard, v.Fetched, v.Renewed, v.Expires = a.Stage(now), string(a.Profile), !a.Onboarded.IsZero(), a.Fetched, int(a.Renewed), a.Until()
	v.Left, v.Heard, v.Proved, v.Onboarded, v.Paused = left(ctx, a.Until(), now), plot.Heard(d.Summary), a.Proved, a.Onboarded, d.State == devices.Suspended
	v.Title, v.Value, v.Unit = d.Summary.FieldName, plot.Value(d.Summary), d.Summary.Unit
	v.Ticks, v.At = steps(ctx, a, d, now)
}

// steps is how far the agent has come, and which of the steps comes next.
func steps(ctx context.Context, a agents.Agent, d devices.View, now time.Time) (ticks []ui.Tick, at int) {
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
		t := ui.Tick{Text: stepWord(ctx, i, false), State: "wait"}
		if !when.IsZero() && at == i {
			at, t = i+1, ui.Tick{Text: stepWord(ctx, i, true), State: "done", When: briefly(ctx, when)}
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

func (p *Pages) oneStream(c echo.Context) (stream.View, error) {
	id, err := agents.ParseID(c.QueryParam("id"))
	if err != nil {
		return stream.View{}, agents.ErrUnknown
	}
	a, err := p.Agents.Get(c.Request().Context(), id)
	if err != nil {
		return stream.View{}, err
	}
	fresh := p.Fresh(c.Request().Context(), a.Channel)
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
		err = cmp.Or(
			out.Part(ctx, "agent-state", state(v)),
			out.Part(ctx, "agent-steps", strip(v)),
			out.Part(ctx, "agent-boarding", boarding(v)),
			out.Part(ctx, "agent-credentials", credentials(v)),
			out.Part(ctx, "agent-points", pointsCard(v)),
			out.Part(ctx, "agent-deeds", deeds(v)),
			out.Part(ctx, "news", portal.NewsFeed(v.History)),
		)
		if err != nil || !v.Reads {
			return err
		}
		return cmp.Or(
			out.Part(ctx, "agent-sent", sent(v)),
			fresh(ctx, out),
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
