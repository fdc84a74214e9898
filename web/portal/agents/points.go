package agents

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// pointForm is one point of a data source configuration, as it was typed. Was is
// the id that it has had so far, "" for a new one.
type pointForm struct {
	ETag, Was, Source, ID, Name, Type, Unit, Text string
	Wrong                                         map[string]string
	Stale                                         bool // somebody else has changed the configuration
}

func pointFormOf(c echo.Context) pointForm {
	return pointForm{ETag: c.FormValue("etag"), Was: c.FormValue("was"), Source: c.FormValue("source"), ID: c.FormValue("id"), Name: c.FormValue("name"),
		Type: c.FormValue("type"), Unit: c.FormValue("unit"), Text: c.FormValue("description")}
}

// points is the editor of what an agent says that it will send.
func (p *Pages) points(c echo.Context) error { return p.answerPoints(c, http.StatusOK, nil) }

func (p *Pages) answerPoints(c echo.Context, status int, f *pointForm) error {
	ctx := c.Request().Context()
	h, a, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ManageAgent, a.Org); err != nil {
		return err
	}
	s, err := p.Agents.Sources(ctx, a.ID)
	if err != nil {
		return err
	}
	if f == nil {
		f = wantedPoint(s, c.QueryParam("point"))
		f.Source = cmp.Or(f.Source, c.QueryParam("source"))
	}
	f.ETag = s.ETag
	h.Page.Path = pathOf(a.ID) + "/points"
	h.Page.Title = ui.T(ctx, "agents.points.title", "Name", a.Name)
	return show.Page(c, status, pointsView(h.Page, pointsPage{Href: pathOf(a.ID), Name: a.Name, Sources: s, Form: *f, Types: agents.Types, Most: agents.PointsMost}))
}

// wantedPoint is the form of the point with that id, or of a new one.
func wantedPoint(s agents.Sources, id string) *pointForm {
	i, j := find(s, id)
	if i < 0 {
		return &pointForm{Type: "DOUBLE"}
	}
	pt := s.Sources[i].Points[j]
	return &pointForm{Was: pt.ID, Source: s.Sources[i].Name, ID: pt.ID, Name: pt.Name, Type: pt.Type, Unit: pt.Unit, Text: pt.Description}
}

// find is the place of a point, or -1.
func find(s agents.Sources, id string) (source, point int) {
	for i := range s.Sources {
		if j := slices.IndexFunc(s.Sources[i].Points, func(pt agents.Point) bool { return pt.ID == id }); j >= 0 && id != "" {
			return i, j
		}
	}
	return -1, -1
}

// put writes the point into the configuration, in the source of that name, and
// leaves out a source that has lost its last point by it.
func (f pointForm) put(s *agents.Sources) {
	pt := agents.Point{ID: f.ID}
	if i, j := find(*s, f.Was); i >= 0 {
		pt = s.Sources[i].Points[j]
		if s.Sources[i].Name == f.Source { // it keeps its line
			s.Sources[i].Points[j] = f.fill(pt)
			return
		}
		cut(s, i, j)
	}
	i := slices.IndexFunc(s.Sources, func(one agents.Source) bool { return one.Name == f.Source })
	if i < 0 {
		s.Sources, i = append(s.Sources, agents.Source{Name: f.Source}), len(s.Sources)
	}
	s.Sources[i].Points = append(s.Sources[i].Points, f.fill(pt))
}

func (f pointForm) fill(pt agents.Point) agents.Point {
	pt.ID, pt.Name, pt.Type, pt.Unit, pt.Description = f.ID, f.Name, f.Type, f.Unit, f.Text
	return pt
}

func cut(s *agents.Sources, i, j int) {
	if s.Sources[i].Points = slices.Delete(s.Sources[i].Points, j, j+1); len(s.Sources[i].Points) == 0 {
		s.Sources = slices.Delete(s.Sources, i, i+1)
	}
}

func (p *Pages) keepPoint(c echo.Context) error {
	f := pointFormOf(c)
	if f.ID == "" {
		f.ID = "dp-" + iam.NewID()[:10] // who names none wants one
	}
	err := p.reconfigure(c, f.ETag, f.put)
	if errors.Is(err, agents.ErrETag) {
		f.Stale = true
		return p.answerPoints(c, http.StatusConflict, &f)
	}
	if where, _, ok := misstated(err); ok {
		f.Wrong = pointWrong(c.Request().Context(), where)
		return p.answerPoints(c, http.StatusUnprocessableEntity, &f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/agents/"+c.Param("id")+"/points?source="+escaped(f.Source))
}

func (p *Pages) dropPoint(c echo.Context) error {
	err := p.reconfigure(c, c.FormValue("etag"), func(s *agents.Sources) {
		if i, j := find(*s, c.FormValue("point")); i >= 0 {
			cut(s, i, j)
		}
	})
	if errors.Is(err, agents.ErrETag) {
		return p.answerPoints(c, http.StatusConflict, &pointForm{Type: "DOUBLE", Stale: true})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/agents/"+c.Param("id")+"/points")
}

// reconfigure changes the configuration that the form was drawn from; one that
// somebody changed meanwhile is agents.ErrETag.
func (p *Pages) reconfigure(c echo.Context, etag string, do func(*agents.Sources)) error {
	ctx := c.Request().Context()
	a, err := p.named(c)
	if err != nil {
		return err
	}
	s, err := p.Agents.Sources(ctx, a.ID)
	if err != nil {
		return err
	}
	seen, err := strconv.ParseInt(etag, 10, 64)
	if err != nil || etag != s.ETag {
		return agents.ErrETag
	}
	if do(&s); s.Config == "" {
		s.Config = iam.NewID()
	}
	_, err = p.Agents.Configure(ctx, a.ID, s, seen)
	return err
}

// pointWrong says what is wrong in the field of the form that the wire's words mean.
func pointWrong(ctx context.Context, where string) map[string]string {
	inPoint := slices.Contains([]string{"id", "type", "unit", "description"}, lastPart(where))
	switch {
	case where == "dataPoints" || where == "dataSources":
		return map[string]string{"": ui.T(ctx, "agents.points.many", "Most", agents.PointsMost, "Sources", agents.SourcesMost)}
	case lastPart(where) == "name" && !pointPath(where):
		return map[string]string{"source": ui.T(ctx, "agents.points.wrong.source")}
	case lastPart(where) == "name":
		return map[string]string{"name": ui.T(ctx, "agents.points.wrong.name")}
	case inPoint && lastPart(where) == "id":
		return map[string]string{"id": ui.T(ctx, "agents.points.wrong.id")}
	case inPoint && lastPart(where) == "unit":
		return map[string]string{"unit": ui.T(ctx, "agents.points.wrong.unit")}
	case inPoint && lastPart(where) == "description":
		return map[string]string{"description": ui.T(ctx, "agents.points.wrong.text")}
	}
	return map[string]string{"": agents.ErrSources.Sentence}
}
