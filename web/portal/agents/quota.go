package agents

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// quota is how many agents an organisation has room for, for who runs the platform.
func (p *Pages) quota(c echo.Context) error { return p.answerQuota(c, http.StatusOK, "") }

func (p *Pages) answerQuota(c echo.Context, status int, wrong string) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "agents.size"), "admin-orgs")
	if err != nil {
		return err
	}
	o, err := p.tenantListed(c)
	if err != nil {
		return err
	}
	v := quotaPage{Org: string(o.ID), Name: o.Name, Wrong: wrong, Back: ui.Crumb{Name: o.Name, Href: "/admin/orgs/" + string(o.ID)}}
	if v.Terms, v.Quota, err = p.Agents.ReadTerms(ctx, o.ID); err != nil {
		return err
	}
	if v.Signer, err = p.Agents.SignerOf(ctx, ""); err != nil {
		return err
	}
	return show.Page(c, status, quotaView(h.Page, v))
}

func (p *Pages) tenantListed(c echo.Context) (orgs.Listed, error) {
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return orgs.Listed{}, err
	}
	return p.Orgs.TenantListed(c.Request().Context(), id)
}

func (p *Pages) setQuota(c echo.Context) error {
	o, err := p.tenantListed(c)
	if err != nil {
		return err
	}
	if err := p.Agents.SetSize(c.Request().Context(), o.ID, c.FormValue("size")); err != nil {
		if _, sentence, ok := misstated(err); ok {
			return p.answerQuota(c, http.StatusUnprocessableEntity, sentence)
		}
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/orgs/"+string(o.ID)+"/agents")
}

// sizes are what the platform may let an organisation have.
func sizes(ctx context.Context) []ui.Option {
	all := []ui.Option{{Label: ui.T(ctx, "agents.size.none")}}
	for _, s := range agents.Sizes {
		all = append(all, ui.Option{Value: s.Name, Label: ui.T(ctx, "agents.size.one", "Size", s.Name, "Count", s.Rooms)})
	}
	return all
}
