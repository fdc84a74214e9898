package agents

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// atOnce is how many agents a page lists.
const atOnce = 20

// query is what the address of the list says.
type query struct {
	org   iam.OrgID // "" for the viewer's first place
	text  string
	stage agents.Stage
	page  int // from 0
}

// parseQuery takes what a URL says; what is no stage or page is none.
func parseQuery(q url.Values) query {
	l := query{org: iam.OrgID(q.Get("org")), text: form.Words(q.Get("q")), stage: agents.ParseStage(q.Get("stage"))}
	if n, err := strconv.Atoi(q.Get("at")); err == nil && n > 0 && n < 1_000_000 {
		l.page = n
	}
	return l
}

// link is the list with this query, at another page.
func (l query) link(page int) string {
	q := url.Values{}
	for k, v := range map[string]string{"org": string(l.org), "q": l.text, "stage": string(l.stage)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if page > 0 {
		q.Set("at", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return "/agents"
	}
	return "/agents?" + q.Encode()
}

func (p *Pages) list(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "agents.title"), "agents")
	if err != nil {
		return err
	}
	if !h.Manages && !h.Keeps {
		return c.Redirect(http.StatusSeeOther, h.Link("/c"))
	}
	l := parseQuery(c.QueryParams())
	v, err := p.listed(ctx, h, l)
	if err != nil {
		return err
	}
	h.Page.Path = l.link(l.page)
	h.Page.Stream = h.Events("agents", "q", l.text, "stage", string(l.stage), "at", strconv.Itoa(l.page))
	return show.Page(c, http.StatusOK, listView(h.Page, v))
}

func (p *Pages) listed(ctx context.Context, h frame.Here, l query) (v listPage, err error) {
	v = listPage{Query: l.text, Stage: string(l.stage), Hidden: ask.Hidden("org", string(l.org))}
	found, err := p.Agents.List(ctx, agents.Query{Org: h.Org.ID, Text: l.text, Stage: l.stage, Sort: agents.Sort{By: "name"}, Page: l.page, Size: atOnce})
	if err != nil {
		return v, err
	}
	v.Total = ui.T(ctx, "agents.count", "Count", found.Total)
	v.Filtered = l.text != "" || l.stage != ""
	v.Clear = query{org: l.org}.link(0)
	if l.page > 0 {
		v.First = l.link(0)
	}
	if (l.page+1)*atOnce < found.Total {
		v.Next = l.link(l.page + 1)
	}
	if p.Decider.May(ctx, policies.ManageAgent, h.Org.ID) {
		v.New, v.Bulk = h.Link("/agents/new"), h.Link("/agents/bulk")
		if v.Quota, err = p.Agents.Quota(ctx, h.Org.ID); err != nil {
			return v, err
		}
		if v.Raise, v.Terms, err = p.ways(ctx, h.Org.ID); err != nil {
			return v, err
		}
	}
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return v, err
	}
	now := p.Now()
	for _, a := range found.Agents {
		r := row{Href: pathOf(a.ID), Name: a.Name, ID: string(a.ID), Profile: string(a.Profile), Place: places[a.Org], Left: left(ctx, a.Until(), now), Proved: a.Proved}
		r.Word, r.Kind = stageWord(ctx, a.Stage(now))
		r.Token = !a.Onboarded.IsZero()
		v.Rows = append(v.Rows, r)
	}
	return v, nil
}

func (p *Pages) listStream(c echo.Context) (stream.View, error) {
	l := parseQuery(c.QueryParams())
	wants := func(e live.Event) bool { return e.Kind == live.Device }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		h, err := p.Frame.At(c, "", "agents")
		if err != nil {
			return err
		}
		v, err := p.listed(ctx, h, l)
		if err != nil {
			return err
		}
		return out.Part(ctx, "agents", rows(v))
	}}, nil
}

// ways lead to where an organisation's size and its terms are changed, "" for who
// may not.
func (p *Pages) ways(ctx context.Context, place iam.OrgID) (raise, terms string, err error) {
	tenant, err := p.Decider.TenantOf(ctx, place)
	if err != nil {
		return "", "", err
	}
	if _, refused := p.Orgs.Platform(ctx); refused == nil {
		raise = "/admin/orgs/" + string(tenant) + "/agents"
	}
	if p.Decider.May(ctx, policies.ManageAgent, tenant) {
		terms = termsPath(tenant)
	}
	return raise, terms, nil
}
