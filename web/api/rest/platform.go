package rest

import (
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

func (a *API) platform(g *echo.Group) {
	g.GET("/platform/orgs", a.tenants, paged("q", "state"))
	g.GET("/platform/people", a.accountsOf, paged("q", "off"))
	g.GET("/platform/roles", a.platformRoles, paged())
}

// tenant is an organisation of the platform with what it has, counted to
// orgs.CountMost and one more for more.
type tenant struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	State     string    `json:"state"`
	Until     time.Time `json:"until,omitzero"`
	People    int       `json:"people"`
	Devices   int       `json:"devices"`
	CreatedAt time.Time `json:"created_at"`
}

func (a *API) tenants(c echo.Context) error {
	w, err := windowOf(c, "tenants")
	if err != nil {
		return err
	}
	f := orgs.TenantFilter{Limit: w.limit + 1}
	if f.Find, err = text(c, "q"); err != nil {
		return err
	}
	if f.State, err = oneOf(c, "state", orgs.Active, orgs.Suspended, orgs.Closed); err != nil {
		return err
	}
	if w.after != "" {
		if f.After, err = iam.ParseOrgID(w.after); err != nil {
			return ErrCursor
		}
	}
	list, err := a.Orgs.Tenants(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]tenant, len(list))
	for i, o := range list {
		items[i] = tenant{string(o.ID), o.Slug, o.Name, string(o.State), o.Until, o.People, o.Devices, o.CreatedAt}
	}
	return sayPage(c, w, items, func(t tenant) string { return t.ID })
}

// account is a person with where he is at home and what he holds.
type account struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Email     string     `json:"email"`
	Home      string     `json:"home_org"`
	HomeName  string     `json:"home_org_name"`
	State     string     `json:"state"` // active, disabled or removed
	Roles     []heldRole `json:"roles"`
	More      int        `json:"more_roles"`
	CreatedAt time.Time  `json:"created_at"`
}

func accountOf(a orgs.Account) account {
	out := account{ID: string(a.ID), Name: a.Name, Email: string(a.Email), Home: string(a.Home), HomeName: a.HomeName, State: "active", More: a.More, CreatedAt: a.CreatedAt}
	switch {
	case a.Gone:
		out.State = "removed"
	case a.Off:
		out.State = "disabled"
	}
	for _, s := range a.Seats {
		out.Roles = append(out.Roles, heldRole{string(s.ID), string(s.Role), string(s.Org), s.OrgName})
	}
	return out
}

func (a *API) accountsOf(c echo.Context) error {
	w, err := windowOf(c, "accounts")
	if err != nil {
		return err
	}
	f := orgs.AccountFilter{Limit: w.limit + 1}
	if f.Find, err = text(c, "q"); err != nil {
		return err
	}
	if f.Off, err = yes(c, "off"); err != nil {
		return err
	}
	if w.after != "" {
		if f.After, err = iam.ParseUserID(w.after); err != nil {
			return ErrCursor
		}
	}
	list, err := a.Orgs.Accounts(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]account, len(list))
	for i, one := range list {
		items[i] = accountOf(one)
	}
	return sayPage(c, w, items, func(p account) string { return p.ID })
}

// appointed is somebody's role on the platform itself.
type appointed struct {
	ID     string    `json:"id"`
	Role   string    `json:"role"`
	Org    string    `json:"org"`
	Person string    `json:"person"`
	Name   string    `json:"name"`
	Email  string    `json:"email"`
	Off    bool      `json:"off"` // the person is
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason,omitzero"`
}

func (a *API) platformRoles(c echo.Context) error {
	all := func() ([]orgs.PlatformSeat, error) { return a.Orgs.PlatformSeats(c.Request().Context()) }
	as := func(s orgs.PlatformSeat) appointed {
		return appointed{string(s.ID), string(s.Role), string(s.Org), string(s.Person.ID), s.Person.Name, string(s.Person.Email), s.Off, s.From, s.Until, s.Reason}
	}
	return listOf(c, "platform_roles", all, as, func(s appointed) string { return s.ID })
}
