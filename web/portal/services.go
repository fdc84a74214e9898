package portal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/auth"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Services is the pages of service accounts: those of a place, and one of them.
type Services struct {
	Frame    *frame.Frame
	Machines orgs.Machines
	BaseURL  func(c echo.Context) string
	Now      func() time.Time
}

// Mount adds the pages; g lets only those in who are signed in, and fresh asks
// anew for a proof before what opens a door.
func (p *Services) Mount(g *echo.Group, fresh echo.MiddlewareFunc) {
	for path, page := range map[string]echo.HandlerFunc{"/services": p.list, "/services/:id": p.one, "/services/:id/end": p.askEnd} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.POST("/services", p.make)
	g.POST("/services/:id", p.change, fresh) // perhaps its owner
	g.POST("/services/:id/end", p.end)
	g.POST("/services/:id/roles", p.giveRole, fresh)
	g.POST("/services/:id/roles/:role/end", p.endRole)
	g.POST("/services/:id/tokens", p.makeToken, fresh)
	g.POST("/services/:id/tokens/:token/revoke", p.revokeToken)
}

// ServicesAt is the page of a place's service accounts.
func ServicesAt(org iam.OrgID) string { return "/services?org=" + string(org) }

func servicePath(id iam.ServiceID) string { return "/services/" + string(id) }

func (p *Services) list(c echo.Context) error {
	h, err := p.Frame.At(c, ui.T(c.Request().Context(), "machine.services"), "people")
	if err != nil {
		return err
	}
	return p.answerList(c, http.StatusOK, h, servicesPage{})
}

func (p *Services) answerList(c echo.Context, status int, h frame.Here, v servicesPage) error {
	ctx := c.Request().Context()
	all, err := p.Machines.List(ctx, h.Org.ID)
	if err != nil {
		return err
	}
	v.Org, v.OrgID, v.MayMake = h.Org.Name, string(h.Org.ID), p.Machines.Orgs.Decider.May(ctx, policies.MakeService, h.Org.ID)
	for _, a := range all {
		v.Lines = append(v.Lines, serviceLine{Href: servicePath(a.ID), Name: a.Name, Owner: a.OwnerName, Org: a.OrgName, Roles: p.roleLines(ctx, a.Seats), Stands: a.Stands})
	}
	h.Page.Path = ServicesAt(h.Org.ID)
	for i, o := range h.Page.Orgs { // another place's, not its people
		if id, ok := strings.CutPrefix(o.Href, "/people?org="); ok {
			h.Page.Orgs[i].Href = ServicesAt(iam.OrgID(id))
		}
	}
	return show.Page(c, status, servicesView(h.Page, v))
}

func (p *Services) roleLines(ctx context.Context, seats []orgs.Seat) (all []serviceRole) {
	for _, s := range seats {
		all = append(all, serviceRole{ID: string(s.ID), Role: roleWord(ctx, p.Machines.Orgs, s.Role), Org: s.OrgName})
	}
	return all
}

func (p *Services) make(c echo.Context) error {
	ctx := c.Request().Context()
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, org, ui.T(ctx, "machine.services"), "people")
	if err != nil {
		return err
	}
	a, err := p.Machines.NewService(ctx, org, c.FormValue("name"), "")
	if wrong, ok := form.Wrong(err); ok {
		return p.answerList(c, http.StatusUnprocessableEntity, h, servicesPage{Name: c.FormValue("name"), Wrong: wrong})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, servicePath(a.ID))
}

// here is the account that the address names, and the frame of its page.
func (p *Services) here(c echo.Context) (h frame.Here, m orgs.Machine, err error) {
	id, err := iam.ParseServiceID(c.Param("id"))
	if err != nil {
		return h, m, err
	}
	if m, err = p.Machines.Get(c.Request().Context(), id); err != nil {
		return h, m, err
	}
	h, err = p.Frame.In(c, m.Org, m.Name, "people")
	h.Page.Path = servicePath(id)
	return h, m, err
}

func (p *Services) one(c echo.Context) error { return p.answerOne(c, http.StatusOK, servicePage{}) }

func (p *Services) answerOne(c echo.Context, status int, v servicePage) error {
	ctx := c.Request().Context()
	h, m, err := p.here(c)
	if err != nil {
		return err
	}
	v.ID, v.OrgID, v.Org, v.Owner, v.Stands, v.Roles = string(m.ID), string(m.Org), m.OrgName, m.OwnerName, m.Stands, p.roleLines(ctx, m.Seats)
	v.Href, v.Version, v.MayChange = servicePath(m.ID), m.Version, p.Machines.MayChange(ctx, m.ServiceAccount)
	if v.Name == "" {
		v.Name = m.Name
	}
	for _, k := range m.Tokens {
		l := tokenLine{ID: string(k.ID), Label: k.Label, Hint: k.Hint + "…", Used: k.UsedAt, From: k.NotBefore, Ends: k.NotAfter}
		l.State, l.Works = auth.TokenState(ctx, k, p.Now())
		v.Tokens = append(v.Tokens, l)
	}
	if v.MayChange {
		if err := p.offers(ctx, m, &v); err != nil {
			return err
		}
	}
	if v.Until == "" {
		v.Until = p.Now().AddDate(0, 3, 0).Format(time.DateOnly)
	}
	return show.Page(c, status, serviceView(h.Page, v))
}

// offers are what the forms of the page let one choose.
func (p *Services) offers(ctx context.Context, m orgs.Machine, v *servicePage) error {
	for _, r := range policies.Roles() {
		if ok, err := p.Machines.Orgs.Decider.Within(ctx, r, m.Org); err == nil && ok && r != policies.PlatformAdmin {
			v.RoleOptions = append(v.RoleOptions, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
		}
	}
	below, err := p.Machines.PlacesOf(ctx, m.ServiceAccount)
	if err != nil {
		return err
	}
	for _, o := range below {
		v.PlaceOptions = append(v.PlaceOptions, ui.Option{Value: string(o.ID), Label: o.Name})
	}
	owners, err := p.Machines.OwnersOf(ctx, m.ServiceAccount)
	if err != nil {
		return err
	}
	v.OwnerID = string(m.Owner)
	for _, o := range owners {
		v.OwnerOptions = append(v.OwnerOptions, ui.Option{Value: string(o.ID), Label: o.Name})
	}
	return nil
}

// deed runs what changes the account that the address names, and goes back to
// its page, or says there what was wrong.
func (p *Services) deed(c echo.Context, v servicePage, do func(ctx context.Context, id iam.ServiceID) error) error {
	id, err := iam.ParseServiceID(c.Param("id"))
	if err != nil {
		return err
	}
	err = do(c.Request().Context(), id)
	if wrong, ok := form.Wrong(err); ok {
		v.Wrong = wrong
		return p.answerOne(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, servicePath(id))
}

func (p *Services) change(c echo.Context) error {
	return p.deed(c, servicePage{Name: c.FormValue("name")}, func(ctx context.Context, id iam.ServiceID) error {
		var owner iam.UserID
		if s := c.FormValue("owner"); s != "" {
			var err error
			if owner, err = iam.ParseUserID(s); err != nil {
				return err
			}
		}
		_, err := p.Machines.ChangeService(ctx, id, 0, c.FormValue("name"), owner)
		return err
	})
}

func (p *Services) askEnd(c echo.Context) error {
	h, m, err := p.here(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if !p.Machines.MayChange(ctx, m.ServiceAccount) {
		return policies.ErrRefused
	}
	return show.Page(c, http.StatusOK, ask.Page(h.Page, ask.Question{
		Title: ui.T(ctx, "machine.service.end.title", "Name", m.Name), Text: ui.T(ctx, "machine.service.end.text"), Action: servicePath(m.ID) + "/end", Danger: true,
		Yes: ui.T(ctx, "machine.service.end"), No: ui.T(ctx, "machine.service.keep"), NoHref: servicePath(m.ID)}))
}

func (p *Services) end(c echo.Context) error {
	_, m, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Machines.EndService(c.Request().Context(), m.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ServicesAt(m.Org))
}

func (p *Services) giveRole(c echo.Context) error {
	v := servicePage{Role: c.FormValue("role"), Place: c.FormValue("org")}
	return p.deed(c, v, func(ctx context.Context, id iam.ServiceID) error {
		org, err := iam.ParseOrgID(v.Place)
		if err != nil {
			return err
		}
		_, err = p.Machines.GiveServiceRole(ctx, id, v.Role, org)
		return err
	})
}

func (p *Services) endRole(c echo.Context) error {
	return p.deed(c, servicePage{}, func(ctx context.Context, id iam.ServiceID) error {
		role, err := iam.ParseAssignmentID(c.Param("role"))
		if err != nil {
			return err
		}
		return p.Machines.EndServiceRole(ctx, id, role)
	})
}

// makeToken shows the token on the page, this once.
func (p *Services) makeToken(c echo.Context) error {
	id, err := iam.ParseServiceID(c.Param("id"))
	if err != nil {
		return err
	}
	v := servicePage{Label: c.FormValue("label"), From: c.FormValue("not_before"), Until: c.FormValue("not_after")}
	var secret vault.Secret
	secret, _, err = p.Machines.NewServiceToken(c.Request().Context(), id, v.Label, form.Morning(v.From), form.Evening(v.Until))
	if wrong, ok := form.Wrong(err); ok {
		v.Wrong = wrong
		return p.answerOne(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return p.answerOne(c, http.StatusOK, servicePage{Secret: secret.Reveal(), Example: auth.BearerExample(p.BaseURL(c))})
}

func (p *Services) revokeToken(c echo.Context) error {
	return p.deed(c, servicePage{}, func(ctx context.Context, id iam.ServiceID) error {
		token, err := iam.ParseTokenID(c.Param("token"))
		if err != nil {
			return err
		}
		return p.Machines.RevokeServiceToken(ctx, id, token)
	})
}
