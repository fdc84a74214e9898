package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

const (
	activityPageSize = 30
	activityLook     = 2000 // lines that one search in the sentences reads at most
)

// mountTrail adds the pages of the trail.
func (p *Portal) mountTrail(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{
		"/activity": p.activity, "/audit": p.audit, "/audit/exports/:id": p.export, "/audit/exports/:id/file": p.exportFile,
		"/audit/exports/:id/signature": p.exportSignature, "/audit/signing-key": p.signingKey,
		"/audit/access": p.access, "/audit/keys": p.keyInventory, "/audit/keys/export": p.exportKeys,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.POST("/audit/check", p.checkTrail)
	g.POST("/audit/exports", p.makeExport)
	g.POST("/audit/keys/term", p.setKeyTerm)
}

func (p *Portal) activity(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.activity"), "activity")
	if err != nil {
		return err
	}
	q, wrong := parseActivityQuery("/activity", c.QueryParams())
	return p.answerTrail(c, h, q, wrong)
}

// answerTrail shows the lines that the address asks for, or what is wrong with it.
func (p *Portal) answerTrail(c echo.Context, h frame.Here, q activityQuery, wrong error) error {
	v, err := p.activityOf(c, h, q, wrong)
	if err != nil {
		return err
	}
	if wrong != nil {
		return show.Page(c, http.StatusUnprocessableEntity, activityView(h.Page, v))
	}
	if q.before == 0 {
		kv := []string{"path", q.path}
		for k, all := range q.values("") {
			kv = append(kv, k, all[0])
		}
		h.Page.Stream = h.Events("activity", kv...)
	}
	return show.Page(c, http.StatusOK, activityView(h.Page, v))
}

func (p *Portal) activityOf(c echo.Context, h frame.Here, q activityQuery, wrong error) (v activityPage, err error) {
	ctx, org := c.Request().Context(), c.QueryParam("org")
	f, own, err := p.trail(ctx, h.Org)
	if err != nil {
		return v, err
	}
	v = activityPage{Query: q, Own: own, OrgID: string(h.Org.ID), Hidden: ask.Hidden("org", org), Verbs: verbOptions(ctx, q.verb)}
	if q.full != (q.path == "/audit") {
		v.Hidden = append(v.Hidden, ask.Hidden("view", viewWord(q.full))...)
	}
	v.Doors, v.Outcomes = doorOptions(ctx), outcomeOptions(ctx)
	v.Views = p.viewsOf(ctx, q, org)
	if q.filtered() || wrong != nil {
		v.Clear = activityQuery{path: q.path, full: q.full}.link(org, 0)
	}
	if !own {
		if err := p.guard(ctx, &v, h); err != nil {
			return v, err
		}
	}
	if v.Wrong, _ = form.Wrong(wrong); wrong != nil {
		return v, nil
	}
	if err := p.narrow(ctx, &f, q); err != nil {
		return v, err
	}
	page, err := p.found(ctx, f, q)
	if err != nil {
		return v, err
	}
	if v.Lines, err = p.told(ctx, page.Lines); err != nil {
		return v, err
	}
	if q.full {
		v.Entries = p.entries(page.Lines, v.Lines, q, org)
	}
	v.Short = page.Short
	if page.Next > 0 {
		v.Next = q.link(org, page.Next)
	}
	if q.before > 0 {
		v.First = q.link(org, 0)
	}
	return v, nil
}

// trail is the part of the trail that the viewer may read at a place and below
// it; own is true where that is what he did himself.
func (p *Portal) trail(ctx context.Context, org orgs.Org) (f audit.Filter, own bool, err error) {
	f = audit.Filter{Tenant: string(org.Tenant)}
	err = p.Decider.Require(ctx, policies.ReadAudit, org.ID)
	if errors.Is(err, policies.ErrRefused) {
		me, _ := policies.Asking(ctx)
		f.ActorID = string(me)
		return f, true, nil
	}
	if err != nil {
		return f, false, err
	}
	scope, err := p.Decider.Scope(ctx, policies.ReadAudit)
	if err != nil {
		return f, false, err
	}
	where, args := scope.SQL("o.id", "o.tenant_id")
	if org.ID == org.Tenant && !strings.Contains(where, "o.id") {
		return f, false, nil
	}
	q := p.DB.WithContext(ctx).Table("orgs AS o").Joins("JOIN org_closure c ON c.descendant = o.id").Where("c.ancestor = ?", string(org.ID))
	if where != "" {
		q = q.Where(where, args...)
	}
	f.Orgs = []string{}
	return f, false, q.Limit(20_000).Pluck("o.id", &f.Orgs).Error
}

// narrow adds what the address asks for to what the viewer may read.
func (p *Portal) narrow(ctx context.Context, f *audit.Filter, q activityQuery) error {
	f.Verb, f.Door, f.Outcome, f.From, f.Before = q.verb, q.door, q.outcome, q.from, q.before
	if !q.to.IsZero() {
		f.To = q.to.AddDate(0, 0, 1)
	}
	f.ObjectID = q.object
	if q.actor == "" {
		return nil
	}
	who := q.actor
	if email, err := iam.ParseEmail(who); err == nil {
		u, err := p.Users.ByEmail(ctx, email)
		if err != nil && !errors.Is(err, iam.ErrUserUnknown) {
			return err
		}
		who = string(u.ID)
	}
	if f.ActorID != "" && f.ActorID != who || who == "" {
		f.Orgs = []string{} // somebody else's deeds, or nobody's
	}
	f.ActorID = who
	return nil
}

// found reads a page of lines that fit.
func (p *Portal) found(ctx context.Context, f audit.Filter, q activityQuery) (page audit.Page, err error) {
	f.Limit = activityPageSize
	if q.text == "" {
		return audit.Search(ctx, p.DB, f)
	}
	f.Limit = 500
	for looked := 0; looked < activityLook; looked += f.Limit {
		some, err := audit.Search(ctx, p.DB, f)
		if err != nil {
			return page, err
		}
		n, err := p.namesIn(ctx, some.Lines)
		if err != nil {
			return page, err
		}
		for _, e := range some.Lines {
			if !n.mentions(ctx, e, q.text) {
				continue
			}
			if page.Lines = append(page.Lines, e); len(page.Lines) == activityPageSize {
				page.Next = e.Seq
				return page, nil
			}
		}
		if f.Before = some.Next; some.Next == 0 {
			return page, nil
		}
	}
	page.Next, page.Short = f.Before, true
	return page, nil
}

// mentions looks for the text in everything that the line's sentence may say.
func (n names) mentions(ctx context.Context, e audit.Entry, text string) bool {
	return slices.ContainsFunc(n.values(ctx, e), func(v any) bool {
		s, ok := v.(string)
		return ok && strings.Contains(strings.ToLower(s), text)
	})
}

// news are the newest lines of a place, without who came and went; nothing for
// who may not read the trail.
func (p *Portal) news(ctx context.Context, org orgs.Org, limit int) ([]News, error) {
	f, own, err := p.trail(ctx, org)
	if err != nil || own {
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

// History is what happened to a device; nothing to whom may not read that.
func (p *Portal) History(ctx context.Context, d devices.View) ([]News, error) {
	lines, err := p.Devices.History(ctx, d.ID, 0)
	if fault.MayNot(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.told(ctx, lines[:min(len(lines), 20)])
}

func (p *Portal) activityStream(c echo.Context) (stream.View, error) {
	path := "/activity"
	if c.QueryParam("path") == "/audit" {
		path = "/audit"
	}
	q, err := parseActivityQuery(path, c.QueryParams())
	if err != nil {
		return stream.View{}, err
	}
	return stream.View{Draw: func(ctx context.Context, out *stream.Out) error {
		h, err := p.Frame.At(c, "", "activity")
		if err != nil {
			return err
		}
		v, err := p.activityOf(c, h, q, nil)
		if err != nil {
			return err
		}
		return out.Part(ctx, "activity", activityLines(v))
	}}, nil
}
