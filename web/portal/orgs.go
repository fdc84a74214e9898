package portal

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (p *Portal) orgs(c echo.Context) error {
	return p.answerOrgs(c, http.StatusOK, orgForm{Kind: string(orgs.Household)})
}

func (p *Portal) answerOrgs(c echo.Context, status int, f orgForm) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.orgs"), "orgs")
	if err != nil {
		return err
	}
	nodes, err := p.places(ctx, h)
	if err != nil {
		return err
	}
	if f.Parents, err = p.Frame.PlacesFor(ctx, policies.ManageOrg); err != nil {
		return err
	}
	form := &f
	if len(f.Parents) == 0 {
		form = nil
	}
	f.Kinds = placeKinds(ctx)
	shut, err := p.shutPlaces(ctx)
	if err != nil {
		return err
	}
	h.Page.Path = "/orgs"
	return show.Page(c, status, orgsPage(h.Page, nodes, shut, form))
}

// places is the tree as the viewer sees it. A platform administrator's root is
// not a place of his.
func (p *Portal) places(ctx context.Context, h frame.Here) ([]place, error) {
	tree, err := p.Orgs.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var all []place
	for _, n := range tree {
		if n.Kind == orgs.Platform {
			continue
		}
		until := ""
		if !n.Until.IsZero() {
			until = ui.T(ctx, "place.state.until", "When", ui.Day(ctx, n.Until))
		}
		all = append(all, place{Private: n.Private, Until: until, ID: string(n.ID), Name: n.Name, Kind: orgWord(ctx, n.Kind), Icon: placeIcon(n.Kind), Depth: n.Depth, People: n.People, Devices: n.Devices,
			MayChange: p.Decider.May(ctx, policies.ManageOrg, n.ID)})
	}
	return all, nil
}

func placeIcon(k orgs.Kind) string {
	if k == orgs.Household {
		return "house"
	}
	if k == orgs.Tenant {
		return "house-plug"
	}
	return "network"
}

func (p *Portal) newOrg(c echo.Context) error {
	f := orgForm{Parent: c.FormValue("parent"), Name: c.FormValue("name"), Kind: c.FormValue("kind")}
	parent, err := iam.ParseOrgID(f.Parent)
	if err != nil {
		return err
	}
	_, err = p.Orgs.NewOrg(c.Request().Context(), parent, f.Name, f.Kind)
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		if c.FormValue("platform") != "" {
			return p.answerAdmin(c, http.StatusUnprocessableEntity, f)
		}
		return p.answerOrgs(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if c.FormValue("platform") != "" {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	return c.Redirect(http.StatusSeeOther, "/orgs")
}
