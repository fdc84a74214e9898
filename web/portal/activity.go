package portal

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

const (
	activityPageSize = 30
	activityLook     = 2000 // lines that one search reads at most
)

// activityQuery is what the address of the page says.
type activityQuery struct {
	text, verb string
	before     int64
}

func parseActivityQuery(q url.Values) activityQuery {
	a := activityQuery{text: strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(q.Get("q"), "")))}
	if r := []rune(a.text); len(r) > 80 {
		a.text = string(r[:80])
	}
	if _, ok := sentences[q.Get("verb")]; ok {
		a.verb = q.Get("verb")
	}
	if n, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && n > 0 {
		a.before = n
	}
	return a
}

func (a activityQuery) link(org string, before int64) string {
	q := url.Values{}
	for k, v := range map[string]string{"org": org, "q": a.text, "verb": a.verb} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	if len(q) == 0 {
		return "/activity"
	}
	return "/activity?" + q.Encode()
}

func (p *Portal) activity(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.activity"), "activity")
	if err != nil {
		return err
	}
	q := parseActivityQuery(c.QueryParams())
	v, err := p.activityOf(c, h, q)
	if err != nil {
		return err
	}
	if q.before == 0 {
		h.Page.Stream = eventsFor("activity", h, "q", q.text, "verb", q.verb)
	}
	return show.Page(c, http.StatusOK, activityView(h.Page, v))
}

func (p *Portal) activityOf(c echo.Context, h frame.Here, q activityQuery) (v activityPage, err error) {
	ctx, org := c.Request().Context(), c.QueryParam("org")
	if err := p.Decider.Require(ctx, policies.ReadAudit, h.Org.ID); err != nil {
		return v, err
	}
	v = activityPage{Text: q.text, Verb: q.verb, Hidden: hidden("org", org), Verbs: verbOptions(ctx)}
	lines, more, err := p.found(ctx, h.Org, q)
	if err != nil {
		return v, err
	}
	if v.Lines, err = p.told(ctx, lines); err != nil {
		return v, err
	}
	if more > 0 {
		v.Next = q.link(org, more)
	}
	if q.before > 0 {
		v.First = q.link(org, 0)
	}
	if q.text != "" || q.verb != "" {
		v.Clear = activityQuery{}.link(org, 0)
	}
	return v, nil
}

// found reads a page of lines that fit; more is where the next begins, or 0.
func (p *Portal) found(ctx context.Context, org orgs.Org, q activityQuery) (page []audit.Entry, more int64, err error) {
	f, err := p.trail(ctx, org)
	if err != nil {
		return nil, 0, err
	}
	f.Verb, f.Before, f.Limit = q.verb, q.before, activityPageSize+1
	if q.text != "" {
		f.Limit = 500
	}
	for looked := 0; looked < activityLook; looked += f.Limit {
		lines, err := audit.List(ctx, p.DB, f)
		if err != nil {
			return nil, 0, err
		}
		n, err := p.namesIn(ctx, lines)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range lines {
			if q.text != "" && !n.mentions(ctx, e, q.text) {
				continue
			}
			if len(page) == activityPageSize {
				return page, page[len(page)-1].Seq, nil
			}
			page = append(page, e)
		}
		if len(lines) < f.Limit {
			return page, 0, nil
		}
		f.Before = lines[len(lines)-1].Seq
	}
	return page, f.Before, nil
}

// mentions looks for the text in everything that the line's sentence may say.
func (n names) mentions(ctx context.Context, e audit.Entry, text string) bool {
	return slices.ContainsFunc(n.values(ctx, e), func(v any) bool {
		s, ok := v.(string)
		return ok && strings.Contains(strings.ToLower(s), text)
	})
}

// trail is the part of the trail that belongs to a place and those below it.
func (p *Portal) trail(ctx context.Context, org orgs.Org) (audit.Filter, error) {
	f := audit.Filter{Tenant: string(org.Tenant)}
	if org.ID == org.Tenant {
		return f, nil
	}
	places, err := p.Orgs.Places(ctx, policies.ReadAudit)
	if err != nil {
		return f, err
	}
	below := map[iam.OrgID]bool{org.ID: true}
	f.Orgs = []string{string(org.ID)}
	for _, o := range places { // parents come before children
		if below[o.Parent] {
			below[o.ID] = true
			f.Orgs = append(f.Orgs, string(o.ID))
		}
	}
	return f, nil
}

// news are the newest lines of a place, without who came and went; nothing for
// who may not read the trail.
func (p *Portal) news(ctx context.Context, org orgs.Org, limit int) ([]news, error) {
	if !p.Decider.May(ctx, policies.ReadAudit, org.ID) {
		return nil, nil
	}
	f, err := p.trail(ctx, org)
	if err != nil {
		return nil, err
	}
	f.Limit = 4 * limit
	lines, err := audit.List(ctx, p.DB, f)
	if err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(e audit.Entry) bool { return strings.HasPrefix(e.Verb, "session.") && e.Outcome == audit.OK })
	return p.told(ctx, lines[:min(len(lines), limit)])
}

// history is what happened to a device.
func (p *Portal) history(ctx context.Context, d devices.View) ([]news, error) {
	lines, err := p.Devices.History(ctx, d.ID, 0)
	if err != nil {
		return nil, err
	}
	return p.told(ctx, lines[:min(len(lines), 20)])
}

// verbOptions are the verbs to choose from, by what they are called.
func verbOptions(ctx context.Context) []ui.Option {
	all := []ui.Option{{Label: ui.T(ctx, "portal.activity.all")}}
	for _, o := range []struct{ verb, id string }{
		{"device.board", "activity.verb.board"}, {"device.ask", "activity.verb.ask"}, {"device.register", "activity.verb.refused"},
		{"device.rename", "activity.verb.rename"}, {"device.move", "activity.verb.move"}, {"device.suspend", "activity.verb.pause"},
		{"device.retire", "activity.verb.offboard"}, {"read-key.reveal", "activity.verb.readkey"}, {"key.reveal", "activity.verb.key"},
		{"person.invite", "activity.verb.invite"}, {"invitation.accept", "activity.verb.accept"}, {"role.end", "activity.verb.role"},
		{"session.open", "activity.verb.signin"},
	} {
		all = append(all, ui.Option{Value: o.verb, Label: ui.T(ctx, o.id)})
	}
	return all
}

func (p *Portal) activityStream(c echo.Context) (stream.View, error) {
	q := parseActivityQuery(c.QueryParams())
	return stream.View{Draw: func(ctx context.Context, out *stream.Out) error {
		h, err := p.Frame.At(c, "", "activity")
		if err != nil {
			return err
		}
		v, err := p.activityOf(c, h, q)
		if err != nil {
			return err
		}
		return out.Part(ctx, "activity", activityLines(v))
	}}, nil
}
