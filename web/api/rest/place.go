package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
)

func (a *API) places(g *echo.Group) {
	g.GET("/orgs", a.listOrgs, paged())
	g.POST("/orgs", a.newOrg, a.once, known())
	g.GET("/orgs/:org", a.getOrg, known())
	g.PATCH("/orgs/:org", a.changeOrg, known())
	g.GET("/orgs/:org/account_keys", a.accountKeys, paged())
	g.POST("/orgs/:org/account_keys", a.makeAccountKey, a.once, known())
	g.DELETE("/orgs/:org/account_keys/:key", a.revokeAccountKey, known())
}

// place is an organisation.
type place struct {
	ID        string    `json:"id"`
	Tenant    string    `json:"tenant"`
	Parent    string    `json:"parent,omitzero"`
	Kind      string    `json:"kind"`
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	Path      []step    `json:"path,omitzero"`
}

// step is a place on the way down; those above one's own have only a name.
type step struct {
	ID   string `json:"id,omitzero"`
	Name string `json:"name"`
}

func placeOf(o orgs.Org) place {
	return place{ID: string(o.ID), Tenant: string(o.Tenant), Parent: string(o.Parent), Kind: string(o.Kind), Slug: o.Slug, Name: o.Name, CreatedAt: o.CreatedAt}
}

// node is a place in the tree with what is in it.
type node struct {
	place
	Depth   int `json:"depth"`
	People  int `json:"people"`
	Devices int `json:"devices"`
}

func (a *API) listOrgs(c echo.Context) error {
	all := func() ([]orgs.Node, error) { return a.Orgs.Tree(c.Request().Context()) }
	as := func(n orgs.Node) node { return node{placeOf(n.Org), n.Depth, n.People, n.Devices} }
	return listOf(c, "orgs", all, as, func(n node) string { return n.ID })
}

// orgHere is the place that the address names, if it still is what the caller saw.
func (a *API) orgHere(c echo.Context) (p place, org iam.OrgID, err error) {
	if org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return p, org, err
	}
	if p, err = a.whole(c.Request().Context(), org); err != nil {
		return p, org, err
	}
	return p, org, still(c, p)
}

func (a *API) whole(ctx context.Context, org iam.OrgID) (p place, err error) {
	o, err := a.Orgs.Get(ctx, org)
	if err != nil {
		return p, err
	}
	p = placeOf(o)
	path, err := a.Orgs.Path(ctx, org)
	for _, s := range path {
		p.Path = append(p.Path, step{string(s.ID), s.Name})
	}
	return p, err
}

func (a *API) getOrg(c echo.Context) error {
	p, _, err := a.orgHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, p)
}

func (a *API) newOrg(c echo.Context) error {
	var in struct {
		Parent string `json:"parent"`
		Name   string `json:"name"`
		Kind   string `json:"kind"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	parent, err := named("parent", in.Parent, iam.ParseOrgID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	o, err := a.Orgs.NewOrg(ctx, parent, in.Name, in.Kind)
	if err != nil {
		return err
	}
	p, err := a.whole(ctx, o.ID)
	if err != nil {
		return err
	}
	return created(c, "/orgs/"+p.ID, p)
}

func (a *API) changeOrg(c echo.Context) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	p, org, err := a.orgHere(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if in.Name != nil {
		if err := a.Orgs.Rename(ctx, org, *in.Name); err != nil {
			return err
		}
	}
	if p, err = a.whole(ctx, org); err != nil {
		return err
	}
	return thing(c, http.StatusOK, p)
}

// placeNames are the names of the places that whoever asks may see.
func (a *API) placeNames(ctx context.Context) (map[iam.OrgID]string, error) {
	all, err := a.Orgs.Places(ctx, policies.ReadOrg)
	names := make(map[iam.OrgID]string, len(all))
	for _, o := range all {
		names[o.ID] = o.Name
	}
	return names, err
}
