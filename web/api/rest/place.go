package rest

import (
	"context"
	"errors"
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
	g.PATCH("/orgs/:org", a.changeOrg, a.fresh, a.dry, how("dry_run"))
	g.POST("/orgs/:org/move", a.moveOrg, a.fresh, a.dry, how("dry_run"))
	g.POST("/orgs/:org/dates", a.dateOrg, a.fresh, a.dry, how("dry_run"))
	g.POST("/orgs/:org/suspend", a.turnsOrg(a.Orgs.Suspend), a.fresh, a.dry, how("dry_run"))
	g.POST("/orgs/:org/resume", a.turnsOrg(a.Orgs.Resume), a.fresh, a.dry, how("dry_run"))
	g.POST("/orgs/:org/close", a.turnsOrg(a.Orgs.Close), a.fresh, a.dry, how("dry_run"))
	g.POST("/orgs/:org/leave", a.leaveOrg, a.fresh, a.dry, how("dry_run"))
	g.GET("/orgs/:org/account_keys", a.accountKeys, paged())
	g.POST("/orgs/:org/account_keys", a.makeAccountKey, a.fresh, a.once, known())
	g.DELETE("/orgs/:org/account_keys/:key", a.revokeAccountKey, a.fresh, known())
}

// place is an organisation.
type place struct {
	ID        string    `json:"id"`
	Tenant    string    `json:"tenant"`
	Parent    string    `json:"parent,omitzero"`
	Kind      string    `json:"kind"`
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	State     string    `json:"state"`
	From      time.Time `json:"from,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Private   bool      `json:"private"`
	Member    string    `json:"member_role"`
	Least     string    `json:"min_credential"`
	Rotate    string    `json:"rotate_read_keys"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	Path      []step    `json:"path,omitzero"`
}

// step is a place on the way down; those above one's own have only a name.
type step struct {
	ID   string `json:"id,omitzero"`
	Name string `json:"name"`
}

func placeOf(o orgs.Org) place {
	return place{ID: string(o.ID), Tenant: string(o.Tenant), Parent: string(o.Parent), Kind: string(o.Kind), Slug: o.Slug, Name: o.Name,
		State: string(o.State), From: o.From, Until: o.Until, Private: o.Private, Member: string(o.MemberRole), Least: o.MinCredential,
		Rotate: o.RotateReadKeys, Version: o.Version, CreatedAt: o.CreatedAt}
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
		Name    *string `json:"name"`
		Kind    *string `json:"kind"`
		Private *bool   `json:"private"`
		Member  *string `json:"member_role"`
		Least   *string `json:"min_credential"`
		Rotate  *string `json:"rotate_read_keys"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.onOrg(c, func(ctx context.Context, org iam.OrgID, w orgs.With) error {
		_, err := a.Orgs.Settle(ctx, org, orgs.Settings{Name: in.Name, Kind: in.Kind, Private: in.Private, MemberRole: in.Member,
			MinCredential: in.Least, RotateReadKeys: in.Rotate}, w)
		return err
	})
}

func (a *API) moveOrg(c echo.Context) error {
	var in struct {
		Parent string `json:"parent"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	parent, err := named("parent", in.Parent, iam.ParseOrgID)
	if err != nil {
		return err
	}
	return a.onOrg(c, func(ctx context.Context, org iam.OrgID, w orgs.With) error { return a.Orgs.Move(ctx, org, parent, w) })
}

func (a *API) dateOrg(c echo.Context) error {
	var in struct {
		From  time.Time `json:"from"`
		Until time.Time `json:"until"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.onOrg(c, func(ctx context.Context, org iam.OrgID, w orgs.With) error {
		return a.Orgs.SetDates(ctx, org, in.From, in.Until, w)
	})
}

func (a *API) turnsOrg(deed func(context.Context, iam.OrgID, orgs.With) error) echo.HandlerFunc {
	return func(c echo.Context) error { return a.onOrg(c, deed) }
}

func (a *API) leaveOrg(c echo.Context) error { return a.onOrg(c, a.Orgs.Leave) }

// onOrg runs a deed on the place that the address names and answers with what it
// has become; nothing, where the caller sees it no longer. Its version is looked
// at again in the deed's transaction. A place that is shut nobody sees, and yet
// it can be opened.
func (a *API) onOrg(c echo.Context, deed func(context.Context, iam.OrgID, orgs.With) error) error {
	w, err := withOf(c)
	if err != nil {
		return err
	}
	p, org, err := a.orgHere(c)
	if shut := org != "" && errors.Is(err, policies.ErrHidden) && c.Request().Header.Get("If-Match") == ""; err != nil && !shut {
		return err
	}
	if c.Request().Header.Get("If-Match") != "" {
		w.Version = p.Version
	}
	ctx := c.Request().Context()
	if err := deed(ctx, org, w); err != nil {
		return err
	}
	if p, err = a.whole(ctx, org); err != nil {
		return c.NoContent(http.StatusNoContent)
	}
	return thing(c, http.StatusOK, p)
}

// how is known for a deed that can be told how to go about it.
func how(names ...string) echo.MiddlewareFunc { return known(append(names, "reason", "rotate")...) }

// placeNames are the names of the places that whoever asks may see.
func (a *API) placeNames(ctx context.Context) (map[iam.OrgID]string, error) {
	all, err := a.Orgs.Places(ctx, policies.ReadOrg)
	names := make(map[iam.OrgID]string, len(all))
	for _, o := range all {
		names[o.ID] = o.Name
	}
	return names, err
}
