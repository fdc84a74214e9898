package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/agenttoken"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Connectors is the pages of what places are connected to: where their devices'
// channels are, how that fares, and what is other there than it should be.
type Connectors struct {
	*Portal
	Desk *connectors.Desk
}

// Mount adds the pages; g lets only those in who are signed in.
func (p *Connectors) Mount(g *echo.Group) {
	fresh := p.Frame.Door.Fresh
	for path, page := range map[string]echo.HandlerFunc{
		"/connectors": p.list, "/connectors/:id": p.one, "/connectors/:id/remove": p.askRemove, "/connectors/:id/drift": p.drift,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	// Whoever will type a secret proves himself before, so that it travels once.
	for path, page := range map[string]echo.HandlerFunc{"/connectors/new": p.askNew, "/connectors/:id/settings": p.askChange} {
		g.GET(path, page, fresh)
		g.HEAD(path, page, fresh)
	}
	typing := p.Frame.Door.FreshAt
	g.POST("/connectors", p.open, typing(func(c echo.Context) string {
		q := url.Values{"again": {"yes"}, "org": {c.QueryParam("org")}, "service": {c.FormValue("service")}}
		return "/connectors/new?" + q.Encode()
	}))
	g.POST("/connectors/:id", p.change, typing(func(c echo.Context) string {
		return "/connectors/" + url.PathEscape(c.Param("id")) + "/settings?again=yes"
	}))
	g.GET("/devices/:id/new-key", p.askNewKey)
	g.HEAD("/devices/:id/new-key", p.askNewKey)
	g.POST("/devices/:id/new-key", p.newKey, fresh)
	g.POST("/connectors/:id/check", p.check)
	g.POST("/connectors/:id/again", p.again)
	g.POST("/connectors/:id/pause", p.pause, fresh)
	g.POST("/connectors/:id/resume", p.goOn, fresh)
	g.POST("/connectors/:id/remove", p.remove, fresh)
	g.POST("/connectors/:id/drift", p.apply, fresh)
}

func connectorsAt(org iam.OrgID) string { return "/connectors?org=" + string(org) }

func connectorAt(id connectors.ID) string { return "/connectors/" + string(id) }

// list is what a place's devices get their channels through, the one that new
// devices get theirs through first.
func (p *Connectors) list(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "connector.title"), "connectors")
	if err != nil {
		return err
	}
	all, err := p.Desk.Connectors(ctx, h.Org.ID)
	if err != nil {
		return err
	}
	names, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return err
	}
	v := connectorList{Org: string(h.Org.ID), MayMake: p.Decider.May(ctx, policies.MakeConnector, h.Org.ID)}
	served := map[bool]bool{} // by whether it is agents that new devices get
	for _, s := range all {
		agents := s.Provider == agenttoken.Provider
		v.Lines = append(v.Lines, p.line(s, names[s.Org], !served[agents]))
		served[agents] = true
	}
	h.Page.Path = connectorsAt(h.Org.ID)
	return show.Page(c, http.StatusOK, connectorsView(h.Page, v))
}

func (p *Connectors) line(s connectors.Status, place string, serves bool) connectorLine {
	return connectorLine{Status: s, Href: connectorAt(s.ID), Place: place, Serves: serves, Own: p.Desk.Services[s.Provider] == nil, Host: hostOf(s.Settings)}
}

// hostOf is whom a connector speaks to, without the dressing.
func hostOf(s connectors.Settings) string {
	_, host, found := strings.Cut(s["base_url"], "://")
	if !found {
		return s["base_url"]
	}
	return host
}

// shownChannels is how many a connector's page has at once.
const shownChannels = 50

func (p *Connectors) one(c echo.Context) error { return p.answerOne(c, http.StatusOK, nil, nil) }

// answerOne draws a connector's page, with what a check just said.
func (p *Connectors) answerOne(c echo.Context, status int, said *connectors.Report, failed error) error {
	ctx := c.Request().Context()
	s, h, err := p.here(c)
	if err != nil {
		return err
	}
	v := connectorPage{connectorLine: p.line(s, h.Org.Name, false), Checked: said, Back: connectorsAt(s.Org)}
	if v.Failed = sentenceOf(failed); errors.Is(failed, connectors.ErrTestSilent) {
		v.Failed = ui.T(ctx, "connector.silent", "Host", v.Host)
	}
	v.MayTest = !v.Own && p.Decider.May(ctx, policies.TestConnector, s.Org)
	v.MayChange = !v.Own && p.Decider.May(ctx, policies.ManageConnector, s.Org)
	if !v.Own {
		if v.Calls, err = p.Desk.Calls(ctx, s.ID); err != nil {
			return err
		}
		after := c.QueryParam("after")
		if v.Channels, err = p.Desk.Projections(ctx, s.ID, after, shownChannels+1); err != nil {
			return err
		}
		if len(v.Channels) > shownChannels {
			v.Channels = v.Channels[:shownChannels]
			v.Next = v.Href + "?after=" + v.Channels[shownChannels-1].ID
		}
	}
	return show.Page(c, status, connectorView(h.Page, v))
}

// here is the connector that the address names and the frame of its pages.
func (p *Connectors) here(c echo.Context) (s connectors.Status, h frame.Here, err error) {
	ctx := c.Request().Context()
	id, err := connectorID(c)
	if err != nil {
		return s, h, err
	}
	if s, err = p.Desk.Status(ctx, id); err != nil {
		return s, h, err
	}
	h, err = p.Frame.In(c, s.Org, s.Name, "connectors")
	h.Page.Path = connectorAt(id)
	return s, h, err
}

func connectorID(c echo.Context) (connectors.ID, error) {
	id, err := iam.ParseOrgID(c.Param("id")) // all ids are of one form
	if err != nil {
		return "", connectors.ErrUnknown
	}
	return connectors.ID(id), nil
}

// check asks the service now, and says what it answered.
func (p *Connectors) check(c echo.Context) error {
	id, err := connectorID(c)
	if err != nil {
		return err
	}
	r, err := p.Desk.Check(c.Request().Context(), id)
	switch {
	case err == nil:
		return p.answerOne(c, http.StatusOK, &r, nil)
	case answered(err):
		return p.answerOne(c, http.StatusOK, nil, err)
	}
	return err
}

// again has what waits for the service tried now.
func (p *Connectors) again(c echo.Context) error {
	id, err := connectorID(c)
	if err != nil {
		return err
	}
	if _, err := p.Desk.Again(c.Request().Context(), id); err != nil {
		return err
	}
	if c.FormValue("back") == "" {
		return c.Redirect(http.StatusSeeOther, connectorAt(id))
	}
	return backOr(c, nil)
}

func (p *Connectors) pause(c echo.Context) error { return p.deed(c, p.Desk.Pause) }

func (p *Connectors) goOn(c echo.Context) error { return p.deed(c, p.Desk.Resume) }

func (p *Connectors) deed(c echo.Context, do func(context.Context, connectors.ID) error) error {
	id, err := connectorID(c)
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, connectorAt(id))
}

// askRemove says what follows: devices keep their channels only while it is there.
func (p *Connectors) askRemove(c echo.Context) error { return p.answerRemove(c, http.StatusOK, nil) }

func (p *Connectors) answerRemove(c echo.Context, status int, failed error) error {
	ctx := c.Request().Context()
	s, h, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ManageConnector, s.Org); err != nil {
		return err
	}
	q := ask.Question{Title: ui.T(ctx, "connector.remove.title", "Name", s.Name), Text: saidOf(ctx, s.Provider, "connector.remove.text"), Action: connectorAt(s.ID) + "/remove",
		Yes: ui.T(ctx, "connector.remove"), No: ui.T(ctx, "connector.keep"), NoHref: connectorAt(s.ID), Danger: true}
	if s.Ready+s.Lost+s.Waiting > 0 {
		q.Lines = append(q.Lines, saidOf(ctx, s.Provider, "connector.remove.used", "Count", s.Ready+s.Lost+s.Waiting))
	}
	if s.Spare > 0 {
		q.Lines = append(q.Lines, ui.T(ctx, "connector.remove.spare", "Count", s.Spare))
	}
	if failed != nil {
		q.Text = ui.Sentence(ctx, sentenceOf(failed)) + " " + ui.T(ctx, "connector.remove.first")
	}
	return show.Page(c, status, ask.Page(h.Page, q))
}

func (p *Connectors) remove(c echo.Context) error {
	s, _, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Desk.Remove(c.Request().Context(), s.ID); errors.Is(err, connectors.ErrInUse) {
		return p.answerRemove(c, http.StatusConflict, err)
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, connectorsAt(s.Org))
}
