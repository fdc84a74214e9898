package portal

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// mountRoles adds a tenant's own roles.
func (p *Portal) mountRoles(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/roles": p.roles, "/roles/:id": p.role} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh
	g.POST("/roles", p.makeRole, fresh)
	g.POST("/roles/:id", p.changeRole, fresh)
	g.POST("/roles/:id/end", p.endCustomRole, fresh)
}

// roles lists what a tenant has put together, and how much each is held.
func (p *Portal) roles(c echo.Context) error { return p.answerRoles(c, http.StatusOK, customForm{}) }

func (p *Portal) answerRoles(c echo.Context, status int, f customForm) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "place.roles"), "people")
	if err != nil {
		return err
	}
	tenant := h.Org.Tenant
	list, err := p.Orgs.CustomRoles(ctx, tenant)
	if err != nil {
		return err
	}
	uses, err := p.Orgs.RoleUses(ctx, tenant)
	if err != nil {
		return err
	}
	v := rolesPage{Org: string(tenant), Form: f, MayMake: p.Decider.May(ctx, policies.ManageRoles, tenant)}
	for _, r := range list {
		l := customLine{Href: "/roles/" + r.Role.Bundle(), Name: r.Name, Count: uses[r.Role]}
		for _, s := range r.Sets {
			l.Sets = append(l.Sets, ui.T(ctx, setWords[s][0]))
		}
		v.Lines = append(v.Lines, l)
	}
	v.Form.Sets = p.setsFor(ctx, tenant, f.Ticked)
	h.Page.Path = "/roles?org=" + v.Org
	return show.Page(c, status, rolesView(h.Page, v))
}

// setWords are the permission sets as people read them: what each is, and what it allows.
var setWords = map[policies.Role][2]string{
	policies.SetView:       {"place.set.view", "place.set.view.hint"},
	policies.SetReadKeys:   {"place.set.readkeys", "place.set.readkeys.hint"},
	policies.SetOperate:    {"place.set.operate", "place.set.operate.hint"},
	policies.SetMove:       {"place.set.move", "place.set.move.hint"},
	policies.SetInvite:     {"place.set.invite", "place.set.invite.hint"},
	policies.SetPeople:     {"place.set.people", "place.set.people.hint"},
	policies.SetKeys:       {"place.set.keys", "place.set.keys.hint"},
	policies.SetConnectors: {"place.set.connectors", "place.set.connectors.hint"},
	policies.SetAgents:     {"place.set.agents", "place.set.agents.hint"},
	policies.SetServices:   {"place.set.services", "place.set.services.hint"},
	policies.SetAudit:      {"place.set.audit", "place.set.audit.hint"},
}

// setsFor are the sets that the viewer may put into a role.
func (p *Portal) setsFor(ctx context.Context, tenant iam.OrgID, ticked []policies.Role) (all []setTick) {
	for _, s := range policies.Sets() {
		if on := slices.Contains(ticked, s); on || p.Decider.MayBundle(ctx, tenant, []policies.Role{s}) == nil {
			all = append(all, setTick{Name: string(s), Label: ui.T(ctx, setWords[s][0]), Hint: ui.T(ctx, setWords[s][1]), On: on})
		}
	}
	return all
}

// readCustom takes the form of a role as it came.
func readCustom(c echo.Context) (f customForm, sets []string, typed []string) {
	f.Name = c.FormValue("name")
	typed = []string{"name", f.Name}
	for _, s := range policies.Sets() {
		if c.FormValue(string(s)) != "" {
			f.Ticked, sets, typed = append(f.Ticked, s), append(sets, string(s)), append(typed, string(s), "on")
		}
	}
	return f, sets, typed
}

func (p *Portal) makeRole(c echo.Context) error {
	h, err := p.Frame.At(c, "", "people")
	if err != nil {
		return err
	}
	f, sets, _ := readCustom(c)
	_, err = p.Orgs.MakeCustomRole(c.Request().Context(), h.Org.Tenant, f.Name, sets)
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerRoles(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/roles?org="+string(h.Org.Tenant))
}

// customHere is the role that the address names.
func (p *Portal) customHere(c echo.Context) (h frame.Here, r orgs.CustomRole, err error) {
	if r, err = p.Orgs.CustomRole(c.Request().Context(), policies.CustomRole(c.Param("id"))); err != nil {
		return h, r, err
	}
	h, err = p.Frame.In(c, r.Tenant, r.Name, "people")
	h.Page.Path = "/roles/" + c.Param("id")
	return h, r, err
}

func (p *Portal) role(c echo.Context) error {
	h, r, err := p.customHere(c)
	if err != nil {
		return err
	}
	return p.answerRole(c, http.StatusOK, h, r, customForm{Name: r.Name, Ticked: r.Sets})
}

func (p *Portal) answerRole(c echo.Context, status int, h frame.Here, r orgs.CustomRole, f customForm) error {
	ctx := c.Request().Context()
	uses, err := p.Orgs.RoleUses(ctx, r.Tenant)
	if err != nil {
		return err
	}
	f.Sets = p.setsFor(ctx, r.Tenant, f.Ticked)
	return show.Page(c, status, roleView(h.Page, rolePage{ID: r.Role.Bundle(), Org: string(r.Tenant), Name: r.Name, Count: uses[r.Role], Form: f,
		MayChange: p.Decider.May(ctx, policies.ManageRoles, r.Tenant)}))
}

// changeRole shows what another bundle would change for those who hold the
// role, and changes it when that is wanted.
func (p *Portal) changeRole(c echo.Context) error {
	ctx := c.Request().Context()
	h, r, err := p.customHere(c)
	if err != nil {
		return err
	}
	f, sets, typed := readCustom(c)
	back := "/roles/" + r.Role.Bundle()
	err = ask.Before(c, p.Frame, func(ctx context.Context) error {
		_, err := p.Orgs.ChangeCustomRole(ctx, r.Role, f.Name, sets, orgs.With{Rotate: c.FormValue("rotate") != ""})
		return err
	}, ask.Question{Title: ui.T(ctx, "place.role.change.sure", "Name", r.Name), Text: ui.T(ctx, "portal.sure.text"), Action: back, Hidden: ask.Hidden(typed...),
		Yes: ui.T(ctx, "place.save"), No: ui.T(ctx, "portal.sure.no"), NoHref: back, Rotates: true, Light: true, Done: "/roles?org=" + string(r.Tenant)})
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerRole(c, http.StatusUnprocessableEntity, h, r, f)
	}
	return err
}

func (p *Portal) endCustomRole(c echo.Context) error {
	ctx := c.Request().Context()
	_, r, err := p.customHere(c)
	if err != nil {
		return err
	}
	back := "/roles/" + r.Role.Bundle()
	return ask.Before(c, p.Frame, func(ctx context.Context) error {
		return p.Orgs.EndCustomRole(ctx, r.Role, orgs.With{Rotate: c.FormValue("rotate") != ""})
	}, ask.Question{
		Title: ui.T(ctx, "place.role.end.sure", "Name", r.Name), Text: ui.T(ctx, "place.role.end.text"), Action: back + "/end",
		Yes: ui.T(ctx, "place.role.end"), No: ui.T(ctx, "portal.sure.no"), NoHref: back, Danger: true, Rotates: true, Done: "/roles?org=" + string(r.Tenant)})
}
