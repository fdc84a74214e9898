package portal

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// mountPlaces adds what is decided about a place from above it.
func (p *Portal) mountPlaces(g *echo.Group) {
	g.GET("/orgs/:id/close", p.askClose)
	g.HEAD("/orgs/:id/close", p.askClose)
	fresh := p.Frame.Door.Fresh
	g.POST("/orgs/:id/move", p.moveOrg, fresh)
	g.POST("/orgs/:id/state", p.turnOrg, fresh)
	g.POST("/orgs/:id/dates", p.setDates, fresh)
	g.POST("/orgs/:id/close", p.closeOrg, fresh)
}

// placeHere finds the place that the address names, open or shut, and how a deed
// on it is to be done.
func (p *Portal) placeHere(c echo.Context) (o orgs.Org, w orgs.With, err error) {
	if o, err = p.shut(c); err == nil && o.ID == "" {
		id, _ := iam.ParseOrgID(c.Param("id"))
		o, err = p.Orgs.Get(c.Request().Context(), id)
	}
	w.Version, _ = strconv.ParseInt(c.FormValue("version"), 10, 64)
	w.Rotate, w.Reason = c.FormValue("rotate") != "", c.FormValue("reason")
	return o, w, err
}

// shut finds the place that the address names if it is shut, or will be, and the
// viewer may open it again and does not see into it; else the zero Org.
func (p *Portal) shut(c echo.Context) (orgs.Org, error) {
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil || p.Decider.May(c.Request().Context(), policies.ReadOrg, id) {
		return orgs.Org{}, err
	}
	all, err := p.Orgs.ShutBelow(c.Request().Context())
	if err != nil {
		return orgs.Org{}, err
	}
	for _, o := range all {
		if o.ID == id {
			return o, nil
		}
	}
	return orgs.Org{}, nil
}

// aboutPlace is a question about a place, which its page asked.
func aboutPlace(o orgs.Org, deed string, q ask.Question, typed ...string) ask.Question {
	q.NoHref, q.Active, q.Rotates = "/orgs/"+string(o.ID), "orgs", true
	q.Action = q.NoHref + "/" + deed
	q.Hidden = ask.Hidden(append(typed, "version", strconv.FormatInt(o.Version, 10))...)
	return q
}

func (p *Portal) moveOrg(c echo.Context) error {
	ctx := c.Request().Context()
	o, w, err := p.placeHere(c)
	if err != nil {
		return err
	}
	parent, err := iam.ParseOrgID(c.FormValue("parent"))
	if err != nil {
		return err
	}
	to, err := p.Orgs.Get(ctx, parent)
	if err != nil {
		return err
	}
	return p.placeAgain(c, o, ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.Move(ctx, o.ID, parent, w) },
		aboutPlace(o, "move", ask.Question{Title: ui.T(ctx, "place.move.sure", "Org", o.Name, "To", to.Name), Text: ui.T(ctx, "place.move.text"),
			Yes: ui.T(ctx, "place.move.do"), No: ui.T(ctx, "portal.sure.no")}, "parent", string(parent))))
}

// turnOrg suspends a place, or opens it again.
func (p *Portal) turnOrg(c echo.Context) error {
	ctx := c.Request().Context()
	o, w, err := p.placeHere(c)
	if err != nil {
		return err
	}
	if c.FormValue("to") == "open" {
		return p.placeAgain(c, o, ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.Resume(ctx, o.ID, w) },
			aboutPlace(o, "state", ask.Question{Title: ui.T(ctx, "place.resume.sure", "Org", o.Name), Text: ui.T(ctx, "portal.sure.text"),
				Yes: ui.T(ctx, "place.resume"), No: ui.T(ctx, "portal.sure.no")}, "to", "open")))
	}
	return p.placeAgain(c, o, ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.Suspend(ctx, o.ID, w) },
		aboutPlace(o, "state", ask.Question{Title: ui.T(ctx, "place.suspend.sure", "Org", o.Name), Text: ui.T(ctx, "place.suspend.text"), Danger: true,
			Yes: ui.T(ctx, "place.suspend"), No: ui.T(ctx, "portal.sure.no")}, "to", "suspended")))
}

func (p *Portal) setDates(c echo.Context) error {
	ctx := c.Request().Context()
	o, w, err := p.placeHere(c)
	if err != nil {
		return err
	}
	from, until := form.Moment(c.FormValue("from")), form.Moment(c.FormValue("until"))
	if from.Equal(form.Unreadable) || until.Equal(form.Unreadable) {
		return p.placeAgain(c, o, iam.Wrong("until", orgs.ErrDates))
	}
	return p.placeAgain(c, o, ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.SetDates(ctx, o.ID, from, until, w) },
		aboutPlace(o, "dates", ask.Question{Title: ui.T(ctx, "place.dates.sure", "Org", o.Name), Text: ui.T(ctx, "portal.sure.text"),
			Yes: ui.T(ctx, "place.dates.do"), No: ui.T(ctx, "portal.sure.no")}, "from", c.FormValue("from"), "until", c.FormValue("until"))))
}

// placeAgain shows the place's page once more where a deed on it went wrong.
func (p *Portal) placeAgain(c echo.Context, o orgs.Org, err error) error {
	wrong, ok := form.Wrong(err)
	if !ok && !errors.Is(err, orgs.ErrChanged) {
		return err
	}
	if shut, lost := p.shut(c); lost != nil {
		return lost
	} else if shut.ID != "" {
		return p.answerShut(c, fault.Of(err).Kind.Status(), shut, wrong)
	}
	h, lost := p.orgHere(c)
	if lost != nil {
		return lost
	}
	f := placeFormOf(h.Org)
	if ok {
		f.Wrong = wrong
		return p.answerOrg(c, http.StatusUnprocessableEntity, h, orgPage{Form: f, From: c.FormValue("from"), Until: c.FormValue("until")})
	}
	return p.orgAgain(c, h, f, err)
}

// askClose wants the name typed, so that nobody closes the wrong place.
func (p *Portal) askClose(c echo.Context) error {
	o, _, err := p.placeHere(c)
	if err != nil {
		return err
	}
	return p.answerClose(c, http.StatusOK, o, "", "")
}

func (p *Portal) answerClose(c echo.Context, status int, o orgs.Org, typed, wrong string) error {
	ctx := c.Request().Context()
	q := ask.Question{Rotates: true}
	if err := q.Foresee(ctx, func(ctx context.Context) error { return p.Orgs.Close(ctx, o.ID, orgs.With{}) }); err != nil {
		return err
	}
	h, err := p.Frame.At(c, ui.T(ctx, "place.close.title", "Org", o.Name), "orgs")
	if err != nil {
		return err
	}
	h.Page.Path = "/orgs/" + string(o.ID) + "/close"
	return show.Page(c, status, closePage(h.Page, o.Name, "/orgs/"+string(o.ID), o.Version, typed, wrong, q))
}

func (p *Portal) closeOrg(c echo.Context) error {
	o, w, err := p.placeHere(c)
	if err != nil {
		return err
	}
	if typed := c.FormValue("name"); typed != o.Name {
		return p.answerClose(c, http.StatusUnprocessableEntity, o, typed, ui.T(c.Request().Context(), "place.close.wrong"))
	}
	if err := p.Orgs.Close(c.Request().Context(), o.ID, w); err != nil {
		return p.placeAgain(c, o, err)
	}
	return c.Redirect(http.StatusSeeOther, "/orgs")
}
