package connectors

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/agenttoken"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// list is what a place's devices get their channels through, the one that new
// devices get theirs through first.
func (p *Pages) list(c echo.Context) error {
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
	v := listPage{Org: string(h.Org.ID), MayMake: p.Decider.May(ctx, policies.MakeConnector, h.Org.ID)}
	served := map[bool]bool{} // by whether it is agents that new devices get
	for _, s := range all {
		agents := s.Provider == agenttoken.Provider
		v.Lines = append(v.Lines, p.line(s, names[s.Org], !served[agents]))
		served[agents] = true
	}
	h.Page.Path = listPath(h.Org.ID)
	return show.Page(c, http.StatusOK, listView(h.Page, v))
}

func (p *Pages) line(s connectors.Status, place string, serves bool) line {
	return line{Status: s, Href: pathOf(s.ID), Place: place, Serves: serves, Own: p.Desk.Services[s.Provider] == nil, Host: hostOf(s.Settings)}
}

// hostOf is whom a connector speaks to, without the dressing.
func hostOf(s connectors.Settings) string {
	_, host, found := strings.Cut(s["base_url"], "://")
	if !found {
		return s["base_url"]
	}
	return host
}
