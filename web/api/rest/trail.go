package rest

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
	"halfkey/policies"
)

func (a *API) trail(g *echo.Group) {
	g.GET("/orgs/:org/audit", a.listAudit, paged("verb", "actor", "object", "door", "outcome", "from", "to"))
}

// line is a line of the trail.
type line struct {
	Seq        int64        `json:"seq"`
	At         time.Time    `json:"at"`
	ActorType  string       `json:"actor_type"`
	Actor      string       `json:"actor,omitzero"`
	ActorName  string       `json:"actor_name"`
	Door       string       `json:"door"`
	Request    string       `json:"request_id"`
	Verb       string       `json:"verb"`
	ObjectType string       `json:"object_type"`
	Object     string       `json:"object"`
	Org        string       `json:"org,omitzero"`
	Outcome    string       `json:"outcome"`
	Count      int64        `json:"count"`
	Detail     audit.Detail `json:"detail,omitzero"`
}

func lineOf(e audit.Entry) line {
	return line{Seq: e.Seq, At: e.Time(), ActorType: e.ActorType, Actor: e.ActorID, ActorName: e.ActorName, Door: e.Door, Request: e.RequestID, Verb: e.Verb,
		ObjectType: e.ObjectType, Object: e.ObjectID, Org: e.OrgID, Outcome: e.Outcome, Count: e.Count, Detail: e.Details()}
}

// lineWord is the longest word that a search of the trail takes, in bytes.
const lineWord = 64

func (a *API) listAudit(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := a.Decider.Require(ctx, policies.ReadAudit, org); err != nil {
		return err
	}
	o, err := a.Orgs.Get(ctx, org)
	if err != nil {
		return err
	}
	w, err := windowOf(c, "audit")
	if err != nil {
		return err
	}
	f, err := a.wanted(c, o)
	if err != nil {
		return err
	}
	if f.Before, err = seq(w.after); err != nil {
		return err
	}
	f.Limit = w.limit
	found, err := audit.Search(ctx, a.DB, f)
	if err != nil {
		return err
	}
	return sayLines(c, w, found.Lines, found.Next)
}

// sayLines answers with lines and where to go on.
func sayLines(c echo.Context, w window, lines []audit.Entry, next int64) error {
	items := make([]line, len(lines), len(lines)+1)
	for i, e := range lines {
		items[i] = lineOf(e)
	}
	if next > 0 { // one more, of which only the place counts
		w.limit, items = len(items), append(items, line{})
	}
	return sayPageAt(c, w, items, strconv.FormatInt(next, 10))
}

// wanted is the part of the trail that belongs to a place and those below it,
// cut to what the address asks for.
func (a *API) wanted(c echo.Context, o orgs.Org) (f audit.Filter, err error) {
	if f, err = a.trailOf(c.Request().Context(), o); err != nil {
		return f, err
	}
	for _, p := range []struct {
		name string
		to   *string
	}{{"verb", &f.Verb}, {"actor", &f.ActorID}, {"object", &f.ObjectID}, {"door", &f.Door}} {
		s, err := text(c, p.name)
		if err != nil {
			return f, err
		}
		*p.to = cut(s, lineWord)
	}
	if f.Outcome, err = oneOf(c, "outcome", audit.OK, audit.Refused, audit.Failed); err != nil {
		return f, err
	}
	f.From, f.To, err = span(c)
	return f, err
}

// trailOf is the part of the trail that belongs to a place and those below it.
func (a *API) trailOf(ctx context.Context, o orgs.Org) (audit.Filter, error) {
	f := audit.Filter{Tenant: string(o.Tenant)}
	scope, err := a.Decider.Scope(ctx, policies.ReadAudit)
	if err != nil {
		return f, err
	}
	if where, _ := scope.SQL("o.id", "o.tenant_id"); o.ID == o.Tenant && !strings.Contains(where, "o.id") {
		return f, nil
	}
	places, err := a.Orgs.Places(ctx, policies.ReadAudit)
	if err != nil {
		return f, err
	}
	below := map[iam.OrgID]bool{o.ID: true}
	f.Orgs = []string{string(o.ID)}
	for _, p := range places { // parents come before children
		if below[p.Parent] {
			below[p.ID] = true
			f.Orgs = append(f.Orgs, string(p.ID))
		}
	}
	return f, nil
}

// historyPage is how many lines the service gives at once.
const historyPage = 50

func (a *API) history(c echo.Context) error {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	w, err := windowOf(c, "history")
	if err != nil {
		return err
	}
	before, err := seq(w.after)
	if err != nil {
		return err
	}
	lines, err := a.Devices.History(c.Request().Context(), dev, before)
	if err != nil {
		return err
	}
	next := int64(0)
	if n := min(w.limit, historyPage); len(lines) >= n {
		lines = lines[:n]
		next = lines[n-1].Seq
	}
	return sayLines(c, w, lines, next)
}

// seq is where in the trail the page before ended; 0 for the newest lines.
func seq(after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 1 {
		return 0, ErrCursor
	}
	return n, nil
}
