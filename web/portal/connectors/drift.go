package connectors

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// drift compares what is there with what should be, and changes nothing.
func (p *Pages) drift(c echo.Context) error {
	done, err := strconv.Atoi(c.QueryParam("done"))
	if err != nil || done < 0 {
		done = -1
	}
	return p.answerDrift(c, driftPage{Done: done})
}

func (p *Pages) answerDrift(c echo.Context, v driftPage) error {
	ctx := c.Request().Context()
	s, h, err := p.here(c)
	if err != nil {
		return err
	}
	all, err := p.Desk.Compare(ctx, s.ID)
	if err != nil && !answered(err) {
		return err
	}
	if err != nil {
		if v.Failed = refusedWord(ctx, s.Provider, err); errors.Is(err, connectors.ErrTestSilent) {
			v.Failed = ui.T(ctx, "connector.silent", "Host", hostOf(s.Settings))
		}
	}
	v.Name, v.Service, v.Href, v.Now = s.Name, s.Provider, pathOf(s.ID), p.Now()
	v.Withheld = connectors.Withheld(s.Trouble)
	v.MayApply = p.Decider.May(ctx, policies.ManageConnector, s.Org)
	for _, d := range all {
		v.Rows = append(v.Rows, driftRow{Difference: d, Key: keyOf(d), Chosen: gentle(d.Kind)})
	}
	h.Page.Path = v.Href + "/drift"
	return show.Page(c, http.StatusOK, driftView(h.Page, v))
}

// gentle tells whether to mend a difference takes nothing from anybody.
func gentle(kind string) bool {
	return kind == connectors.DiffFound || kind == connectors.DiffKeys || kind == connectors.DiffSettings
}

// keyOf names a difference in a form.
func keyOf(d connectors.Difference) string {
	return d.Kind + "|" + d.Projection + "|" + d.External
}

// apply mends what was chosen and is still so. What remains is compared anew.
func (p *Pages) apply(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	keys := form["mend"]
	if form.Get("all") != "" {
		keys = form["seen"] // what the page showed, and nothing that came since
	}
	var chosen []connectors.Difference
	for _, key := range keys {
		if part := strings.Split(key, "|"); len(part) == 3 {
			chosen = append(chosen, connectors.Difference{Kind: part[0], Projection: part[1], External: part[2]})
		}
	}
	done, err := p.Desk.Apply(c.Request().Context(), id, chosen)
	if answered(err) {
		return p.answerDrift(c, driftPage{Done: len(done)})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, pathOf(id)+"/drift?done="+strconv.Itoa(len(done)))
}
