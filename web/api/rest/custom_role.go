package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
)

func (a *API) bundles(g *echo.Group) {
	g.GET("/orgs/:org/custom_roles", a.customRoles, paged())
	g.POST("/orgs/:org/custom_roles", a.makeCustomRole, a.fresh, a.once, known())
	g.GET("/custom_roles/:custom_role", a.getCustomRole, known())
	g.PATCH("/custom_roles/:custom_role", a.changeCustomRole, a.fresh, a.dry, how("dry_run"))
	g.DELETE("/custom_roles/:custom_role", a.endCustomRole, a.fresh, a.dry, how("dry_run"))
}

// customRole is a role of an organisation's own: a bundle of permission sets.
type customRole struct {
	ID        string    `json:"id"`
	Role      string    `json:"role"` // as it is given
	Org       string    `json:"org"`
	Name      string    `json:"name"`
	Sets      []string  `json:"sets"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

func customRoleOf(r orgs.CustomRole) customRole {
	out := customRole{ID: r.Role.Bundle(), Role: string(r.Role), Org: string(r.Tenant), Name: r.Name, CreatedBy: string(r.CreatedBy), CreatedAt: r.CreatedAt}
	for _, s := range r.Sets {
		out.Sets = append(out.Sets, string(s))
	}
	return out
}

func (a *API) customRoles(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	all := func() ([]orgs.CustomRole, error) { return a.Orgs.CustomRoles(c.Request().Context(), org) }
	return listOf(c, "custom_roles", all, customRoleOf, func(r customRole) string { return r.ID })
}

func (a *API) makeCustomRole(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		Name string   `json:"name"`
		Sets []string `json:"sets"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	r, err := a.Orgs.MakeCustomRole(c.Request().Context(), org, in.Name, in.Sets)
	if err != nil {
		return err
	}
	out := customRoleOf(r)
	return created(c, "/custom_roles/"+out.ID, out)
}

// customRoleHere is the role that the address names, if it still is what the
// caller saw.
func (a *API) customRoleHere(c echo.Context) (customRole, error) {
	bundle, err := id(c, "custom_role", iam.ParseAssignmentID) // an id like any other
	if err != nil {
		return customRole{}, err
	}
	r, err := a.Orgs.CustomRole(c.Request().Context(), policies.CustomRole(string(bundle)))
	if err != nil {
		return customRole{}, err
	}
	out := customRoleOf(r)
	return out, still(c, out)
}

func (a *API) getCustomRole(c echo.Context) error {
	r, err := a.customRoleHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, r)
}

func (a *API) changeCustomRole(c echo.Context) error {
	r, err := a.customRoleHere(c)
	if err != nil {
		return err
	}
	in := struct {
		Name string   `json:"name"`
		Sets []string `json:"sets"`
	}{Name: r.Name}
	if err := read(c, &in); err != nil {
		return err
	}
	if in.Sets == nil {
		in.Sets = r.Sets
	}
	w, err := withOf(c)
	if err != nil {
		return err
	}
	now, err := a.Orgs.ChangeCustomRole(c.Request().Context(), policies.Role(r.Role), in.Name, in.Sets, w)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, customRoleOf(now))
}

func (a *API) endCustomRole(c echo.Context) error {
	r, err := a.customRoleHere(c)
	if err != nil {
		return err
	}
	w, err := withOf(c)
	if err != nil {
		return err
	}
	if err := a.Orgs.EndCustomRole(c.Request().Context(), policies.Role(r.Role), w); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
