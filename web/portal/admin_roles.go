package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// platformRoles are those that are held on the platform itself.
var platformRoles = []policies.Role{policies.Support, policies.Auditor, policies.ConnectorOperator, policies.PlatformAdmin}

// adminRoles lists who holds a role on the platform, and appoints others.
func (p *Portal) adminRoles(c echo.Context) error {
	return p.answerSeats(c, http.StatusOK, adminRolesPage{Role: string(policies.Support)})
}

func (p *Portal) answerSeats(c echo.Context, status int, v adminRolesPage) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "admin.roles"), "admin-roles")
	if err != nil {
		return err
	}
	seats, err := p.Orgs.PlatformSeats(ctx)
	if err != nil {
		return err
	}
	for _, s := range seats {
		role := p.roleWord(ctx, s.Role)
		v.Lines = append(v.Lines, adminSeat{ID: string(s.ID), Name: s.Person.Name, Email: string(s.Person.Email), Role: role, Reason: s.Reason, Off: s.Off, Until: s.Until,
			Ends: ui.T(ctx, "portal.people.end.role", "Name", s.Person.Name, "Role", role, "Org", s.OrgName)})
	}
	for _, r := range platformRoles {
		v.Roles = append(v.Roles, ui.Choice{Value: string(r), Label: show.Role(ctx, r), Text: platformRoleText(ctx, r)})
	}
	v.Mail = p.Recovery.Post.On()
	h.Page.Path = "/admin/roles"
	return show.Page(c, status, adminRolesView(h.Page, v))
}

func platformRoleText(ctx context.Context, r policies.Role) string {
	switch r {
	case policies.Support:
		return ui.T(ctx, "admin.role.support")
	case policies.Auditor:
		return ui.T(ctx, "admin.role.auditor")
	case policies.ConnectorOperator:
		return ui.T(ctx, "admin.role.connector")
	}
	return ui.T(ctx, "admin.role.admin")
}

// appoint gives somebody of the platform a role on it, and invites anybody else.
func (p *Portal) appoint(c echo.Context) error {
	ctx := c.Request().Context()
	top, err := p.Orgs.Platform(ctx)
	if err != nil {
		return err
	}
	v := adminRolesPage{Address: c.FormValue("address"), Role: c.FormValue("role")}
	err = ask.Before(c, p.Frame, func(ctx context.Context) error {
		_, err := p.Orgs.GiveRole(ctx, orgs.RoleRequest{Org: top.ID, To: v.Address, Role: v.Role})
		return err
	}, ask.Question{Title: ui.T(ctx, "person.give.title", "Name", v.Address, "Role", p.roleWord(ctx, policies.Role(v.Role))), Text: ui.T(ctx, "portal.sure.text"), Action: "/admin/roles",
		Hidden: ask.Hidden("address", v.Address, "role", v.Role), Yes: ui.T(ctx, "person.give.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: "/admin/roles", Active: "admin-roles"})
	wrong, ok := form.Wrong(err)
	if ok && len(wrong) == 1 && wrong["to"] == orgs.ErrNobody.Sentence {
		return p.inviteToPlatform(c, top, v)
	}
	return p.seatsAgain(c, v, err)
}

func (p *Portal) inviteToPlatform(c echo.Context, top orgs.Org, v adminRolesPage) error {
	ctx := c.Request().Context()
	byMail := p.Recovery.Post.On() && c.FormValue("link") == ""
	if byMail {
		if _, err := p.Orgs.InviteByMail(ctx, top.ID, v.Address, v.Role); err != nil {
			return p.seatsAgain(c, v, err)
		}
		return p.answerSeats(c, http.StatusOK, adminRolesPage{Role: v.Role, Sent: v.Address})
	}
	token, _, err := p.Orgs.Invite(ctx, top.ID, v.Address, v.Role)
	if err != nil {
		return p.seatsAgain(c, v, err)
	}
	return p.answerSeats(c, http.StatusOK, adminRolesPage{Role: v.Role, Sent: v.Address, Link: p.BaseURL(c) + "/i/" + token.Reveal()})
}

// dismiss ends a role on the platform.
func (p *Portal) dismiss(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := iam.ParseAssignmentID(c.Param("id"))
	if err != nil {
		return err
	}
	seats, err := p.Orgs.PlatformSeats(ctx)
	if err != nil {
		return err
	}
	for _, s := range seats {
		if s.ID != id {
			continue
		}
		err := ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.EndRole(ctx, id, orgs.With{}) }, ask.Question{
			Title: ui.T(ctx, "portal.people.end.title", "Name", s.Person.Name), Text: ui.T(ctx, "portal.people.end.text", "Name", s.Person.Name, "Role", p.roleWord(ctx, s.Role), "Org", s.OrgName),
			Action: "/admin/roles/" + string(id) + "/end", Yes: ui.T(ctx, "portal.people.end.yes"), No: ui.T(ctx, "portal.people.end.no"), NoHref: "/admin/roles", Danger: true, Active: "admin-roles"})
		return p.seatsAgain(c, adminRolesPage{Role: string(policies.Support)}, err)
	}
	return policies.ErrHidden
}

// seatsAgain shows the page once more where a deed was wrong or refused.
func (p *Portal) seatsAgain(c echo.Context, v adminRolesPage, err error) error {
	if wrong, ok := form.Wrong(err); ok {
		v.WrongRole, v.Wrong = wrong["role"], wrong["to"]+wrong["email"]
		return p.answerSeats(c, http.StatusUnprocessableEntity, v)
	}
	if f := fault.Of(err); err != nil && (f.Kind == fault.Conflict || f.Kind == fault.Refused) {
		if v.Trouble = f.Sentence; errors.Is(err, policies.ErrLastOwner) {
			v.Trouble = ui.T(c.Request().Context(), "admin.roles.last")
		}
		return p.answerSeats(c, f.Kind.Status(), v)
	}
	return err
}
