package connectors

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/auth"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// shownChannels is how many a connector's page has at once.
const shownChannels = 50

func (p *Pages) one(c echo.Context) error { return p.answerOne(c, http.StatusOK, nil, nil) }

// answerOne draws a connector's page, with what a check just said.
func (p *Pages) answerOne(c echo.Context, status int, said *connectors.Report, failed error) error {
	ctx := c.Request().Context()
	s, h, err := p.here(c)
	if err != nil {
		return err
	}
	v := onePage{line: p.line(s, h.Org.Name, false), Checked: said, Back: listPath(s.Org)}
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
	return show.Page(c, status, oneView(h.Page, v))
}

// check asks the service now, and says what it answered.
func (p *Pages) check(c echo.Context) error {
	id, err := idOf(c)
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
func (p *Pages) again(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	if _, err := p.Desk.Again(c.Request().Context(), id); err != nil {
		return err
	}
	if c.FormValue("back") == "" {
		return c.Redirect(http.StatusSeeOther, pathOf(id))
	}
	return c.Redirect(http.StatusSeeOther, auth.Next(c.FormValue("back")))
}

func (p *Pages) pause(c echo.Context) error { return p.deed(c, p.Desk.Pause) }

func (p *Pages) goOn(c echo.Context) error { return p.deed(c, p.Desk.Resume) }

func (p *Pages) deed(c echo.Context, do func(context.Context, connectors.ID) error) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, pathOf(id))
}

// askRemove says what follows: devices keep their channels only while it is there.
func (p *Pages) askRemove(c echo.Context) error { return p.answerRemove(c, http.StatusOK, nil) }

func (p *Pages) answerRemove(c echo.Context, status int, failed error) error {
	ctx := c.Request().Context()
	s, h, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ManageConnector, s.Org); err != nil {
		return err
	}
	q := ask.Question{Title: ui.T(ctx, "connector.remove.title", "Name", s.Name), Text: saidOf(ctx, s.Provider, "connector.remove.text"), Action: pathOf(s.ID) + "/remove",
		Yes: ui.T(ctx, "connector.remove"), No: ui.T(ctx, "connector.keep"), NoHref: pathOf(s.ID), Danger: true}
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

func (p *Pages) remove(c echo.Context) error {
	s, _, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Desk.Remove(c.Request().Context(), s.ID); errors.Is(err, connectors.ErrInUse) {
		return p.answerRemove(c, http.StatusConflict, err)
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, listPath(s.Org))
}
