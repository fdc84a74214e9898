package agents

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/policies"
	"halfkey/web/api/agentmgmt"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// askMany is where a list of agents is given.
func (p *Pages) askMany(c echo.Context) error {
	return p.answerMany(c, http.StatusOK, manyPage{OrgID: c.QueryParam("org")})
}

func (p *Pages) answerMany(c echo.Context, status int, v manyPage) error {
	h, err := p.forMany(c, v.OrgID)
	if err != nil {
		return err
	}
	v.OrgID, v.Most = string(h.Org.ID), agents.AtOnce
	if v.Places, err = p.Frame.PlacesFor(c.Request().Context(), policies.ManageAgent); err != nil {
		return err
	}
	v.Back = ui.Crumb{Name: ui.T(c.Request().Context(), "agents.title"), Href: "/agents?org=" + v.OrgID}
	h.Page.Path = "/agents/bulk?org=" + v.OrgID
	return show.Page(c, status, manyView(h.Page, v))
}

func (p *Pages) forMany(c echo.Context, org string) (frame.Here, error) {
	return p.forMaking(c, org, ui.T(c.Request().Context(), "agents.many"))
}

// checkMany says what would come of a list; nothing is made.
func (p *Pages) checkMany(c echo.Context) error {
	v := manyPage{OrgID: c.FormValue("org"), Text: c.FormValue("list"), Checked: true}
	if _, err := p.many(c, &v, false, true); err != nil {
		return err
	}
	return p.answerMany(c, http.StatusOK, v)
}

// createMany makes the agents of a list, all or, where that was chosen, the good
// ones, and hands out their boarding files.
func (p *Pages) createMany(c echo.Context) error {
	ctx := c.Request().Context()
	v := manyPage{OrgID: c.FormValue("org"), Text: c.FormValue("list"), Checked: true}
	made, err := p.many(c, &v, c.FormValue("good") != "", false)
	if err != nil {
		return err
	}
	if len(made) == 0 {
		return p.answerMany(c, http.StatusUnprocessableEntity, v)
	}
	files := make([]packFile, 0, len(made))
	seen := map[string]bool{}
	for _, a := range made {
		config, err := p.Agents.BoardingConfig(ctx, a.ID)
		if err != nil {
			return err
		}
		file, err := agentmgmt.BoardingFile(config)
		if err != nil {
			return err
		}
		name := fileName(a)
		if seen[name] { // names may differ in what a file's name cannot tell
			name += "-" + string(a.ID[:8])
		}
		seen[name] = true
		files = append(files, packFile{name + ".json", file})
	}
	all, err := packed(p.Now(), files...)
	if err != nil {
		return err
	}
	return handFile(c, "application/zip", fmt.Sprintf("agents-%d.zip", len(made)), all)
}

// many makes or tries the agents of the page's list. What is wrong is noted on
// the page; while something is, and the good ones are not wanted, none is made.
func (p *Pages) many(c echo.Context, v *manyPage, good, try bool) ([]agents.Agent, error) {
	ctx := c.Request().Context()
	h, err := p.forMany(c, v.OrgID)
	if err != nil {
		return nil, err
	}
	lines, wrong := parseLines(v.Text)
	if len(lines)+len(wrong) > agents.AtOnce {
		v.TooMany = len(lines) + len(wrong)
		return nil, nil
	}
	find, err := p.placeFinder(ctx)
	if err != nil {
		return nil, err
	}
	var wishes []agents.Wish
	var at []int
	for _, l := range lines {
		org := h.Org.ID
		if l.Place != "" {
			if org, err = find(l.Place); err != nil {
				wrong = append(wrong, wrongCell{l.Line, columnPlace, err})
				continue
			}
		}
		wishes, at = append(wishes, agents.Wish{Name: l.Name, Profile: l.Profile, Org: org}), append(at, l.Line)
	}
	made, bad, err := p.Agents.CreateAll(ctx, wishes, good, try || len(wrong) > 0 && !good)
	if err != nil {
		return nil, err
	}
	for i, f := range bad {
		wrong = append(wrong, wrongCell{at[i], columnOf(f), f})
	}
	v.note(ctx, wrong)
	if try || len(wrong) > 0 && !good {
		v.Good = len(made)
		return nil, nil
	}
	return made, nil
}

// columnOf is where a list says what is wrong; 0 for the line as a whole.
func columnOf(err error) int {
	switch fieldOf(err) {
	case "name":
		return columnName
	case "profile":
		return columnProfile
	case "place":
		return columnPlace
	}
	return 0
}

// note puts what is wrong on the page, by lines.
func (v *manyPage) note(ctx context.Context, wrong []wrongCell) {
	slices.SortFunc(wrong, func(a, b wrongCell) int { return a.Line - b.Line })
	for _, w := range wrong {
		sentence := ui.Sentence(ctx, fault.Of(w.Fault).Sentence)
		if w.Column == 0 {
			v.Wrong = append(v.Wrong, ui.T(ctx, "agents.many.line", "Line", w.Line, "What", sentence))
		} else {
			v.Wrong = append(v.Wrong, ui.T(ctx, "agents.many.cell", "Line", w.Line, "Column", w.Column, "What", sentence))
		}
	}
}

// placeFinder finds places by name or id, among those where the viewer may make
// agents. It fails with agents.ErrLinePlace.
func (p *Pages) placeFinder(ctx context.Context) (func(string) (iam.OrgID, error), error) {
	all, err := p.Frame.PlacesFor(ctx, policies.ManageAgent)
	if err != nil {
		return nil, err
	}
	return func(text string) (iam.OrgID, error) {
		var found []string
		for _, o := range all {
			if o.Value == text || strings.EqualFold(o.Label, text) {
				found = append(found, o.Value)
			}
		}
		if len(found) != 1 {
			return "", agents.ErrLinePlace
		}
		return iam.OrgID(found[0]), nil
	}, nil
}
