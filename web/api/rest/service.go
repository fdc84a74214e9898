package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

func (a *API) services(g *echo.Group) {
	g.GET("/orgs/:org/services", a.listServices, paged())
	g.POST("/orgs/:org/services", a.newService, a.once, known())
	g.GET("/services/:service", a.getService, known())
	g.PATCH("/services/:service", a.changeService, a.fresh, known())
	g.DELETE("/services/:service", a.endService, known())
	g.POST("/services/:service/roles", a.giveServiceRole, a.fresh, a.once, known())
	g.DELETE("/services/:service/roles/:role", a.endServiceRole, known())
	g.GET("/services/:service/tokens", a.serviceTokens, paged())
	g.POST("/services/:service/tokens", a.newServiceToken, a.fresh, a.once, known())
	g.DELETE("/services/:service/tokens/:token", a.revokeServiceToken, known())
}

// service is a program that acts by itself.
type service struct {
	ID        string     `json:"id"`
	Org       string     `json:"org"`
	OrgName   string     `json:"org_name"`
	Name      string     `json:"name"`
	Owner     string     `json:"owner"`
	OwnerName string     `json:"owner_name"`
	MadeBy    string     `json:"made_by"`
	Works     bool       `json:"works"` // its owner may still have it
	Roles     []heldRole `json:"roles"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
}

func serviceOf(m orgs.Machine) service {
	s := service{ID: string(m.ID), Org: string(m.Org), OrgName: m.OrgName, Name: m.Name, Owner: string(m.Owner), OwnerName: m.OwnerName, MadeBy: string(m.MadeBy),
		Works: m.Stands, Version: m.Version, CreatedAt: m.CreatedAt}
	for _, r := range m.Seats {
		s.Roles = append(s.Roles, heldRole{string(r.ID), string(r.Role), string(r.Org), r.OrgName})
	}
	return s
}

func (a *API) listServices(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	all := func() ([]orgs.Machine, error) { return a.Machines.List(c.Request().Context(), org) }
	return listOf(c, "services", all, serviceOf, func(s service) string { return s.ID })
}

func (a *API) newService(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		Name  string `json:"name"`
		Owner string `json:"owner"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	var owner iam.UserID
	if in.Owner != "" {
		if owner, err = named("owner", in.Owner, iam.ParseUserID); err != nil {
			return err
		}
	}
	ctx := c.Request().Context()
	made, err := a.Machines.NewService(ctx, org, in.Name, owner)
	if err != nil {
		return err
	}
	m, err := a.Machines.Get(ctx, made.ID)
	if err != nil {
		return err
	}
	return created(c, "/services/"+string(made.ID), serviceOf(m))
}

// serviceHere is the account that the address names, if it still is what the
// caller saw.
func (a *API) serviceHere(c echo.Context) (orgs.Machine, iam.ServiceID, error) {
	which, err := id(c, "service", iam.ParseServiceID)
	if err != nil {
		return orgs.Machine{}, which, err
	}
	m, err := a.Machines.Get(c.Request().Context(), which)
	if err != nil {
		return m, which, err
	}
	return m, which, still(c, serviceOf(m))
}

func (a *API) getService(c echo.Context) error {
	m, _, err := a.serviceHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, serviceOf(m))
}

func (a *API) changeService(c echo.Context) error {
	var in struct {
		Name  *string `json:"name"`
		Owner *string `json:"owner"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	m, which, err := a.serviceHere(c)
	if err != nil {
		return err
	}
	name, owner := m.Name, m.Owner
	if in.Name != nil {
		name = *in.Name
	}
	if in.Owner != nil {
		if owner, err = named("owner", *in.Owner, iam.ParseUserID); err != nil {
			return err
		}
	}
	version := int64(0)
	if c.Request().Header.Get("If-Match") != "" {
		version = m.Version
	}
	ctx := c.Request().Context()
	if _, err := a.Machines.ChangeService(ctx, which, version, name, owner); err != nil {
		return err
	}
	if m, err = a.Machines.Get(ctx, which); err != nil {
		return err
	}
	return thing(c, http.StatusOK, serviceOf(m))
}

func (a *API) endService(c echo.Context) error {
	_, which, err := a.serviceHere(c)
	if err != nil {
		return err
	}
	if err := a.Machines.EndService(c.Request().Context(), which); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) giveServiceRole(c echo.Context) error {
	which, err := id(c, "service", iam.ParseServiceID)
	if err != nil {
		return err
	}
	var in struct {
		Role string `json:"role"`
		Org  string `json:"org"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	var org iam.OrgID
	if in.Org != "" {
		if org, err = named("org", in.Org, iam.ParseOrgID); err != nil {
			return err
		}
	}
	made, err := a.Machines.GiveServiceRole(c.Request().Context(), which, in.Role, org)
	if err != nil {
		return err
	}
	return say(c, http.StatusCreated, given{ID: string(made)})
}

func (a *API) endServiceRole(c echo.Context) error {
	which, err := id(c, "service", iam.ParseServiceID)
	if err != nil {
		return err
	}
	role, err := id(c, "role", iam.ParseAssignmentID)
	if err != nil {
		return err
	}
	if err := a.Machines.EndServiceRole(c.Request().Context(), which, role); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) serviceTokens(c echo.Context) error {
	which, err := id(c, "service", iam.ParseServiceID)
	if err != nil {
		return err
	}
	all := func() ([]iam.APIToken, error) {
		m, err := a.Machines.Get(c.Request().Context(), which)
		return m.Tokens, err
	}
	return listOf(c, "service_tokens", all, a.tokenOf, func(t token) string { return t.ID })
}

func (a *API) newServiceToken(c echo.Context) error {
	which, err := id(c, "service", iam.ParseServiceID)
	if err != nil {
		return err
	}
	var in struct {
		Label     string    `json:"label"`
		NotBefore time.Time `json:"not_before"`
		NotAfter  time.Time `json:"not_after"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	secret, t, err := a.Machines.NewServiceToken(c.Request().Context(), which, in.Label, in.NotBefore, in.NotAfter)
	return a.sayToken(c, secret, t, err)
}

func (a *API) revokeServiceToken(c echo.Context) error {
	which, err := id(c, "service", iam.ParseServiceID)
	if err != nil {
		return err
	}
	t, err := id(c, "token", iam.ParseTokenID)
	if err != nil {
		return err
	}
	if err := a.Machines.RevokeServiceToken(c.Request().Context(), which, t); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
