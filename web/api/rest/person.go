package rest

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/bulk"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
)

func (a *API) people(g *echo.Group) {
	g.GET("/orgs/:org/people", a.listPeople, paged())
	g.GET("/people/:person/roles", a.rolesOf, paged())
	g.POST("/people/:person/disable", a.switches(a.Orgs.Disable), a.fresh, a.dry, known("dry_run"))
	g.POST("/people/:person/enable", a.switches(a.Orgs.Enable), a.fresh, a.dry, known("dry_run"))
	g.POST("/people/:person/recovery", a.help, a.fresh, a.once, known())
	g.POST("/orgs/:org/roles", a.giveRole, a.fresh, a.once, a.dry, known("dry_run"))
	g.PATCH("/roles/:role", a.changeRole, a.fresh, a.dry, how("dry_run"))
	g.DELETE("/roles/:role", a.endRole, a.fresh, a.dry, how("dry_run"))
	g.POST("/roles/:role/deputies", a.lend, a.fresh, a.once, a.dry, known("dry_run"))
	g.GET("/orgs/:org/invitations", a.invitations, paged())
	g.POST("/orgs/:org/invitations", a.invite, a.fresh, a.once, known("good_rows"))
	g.DELETE("/invitations/:invitation", a.revokeInvitation, known())
}

// seat is a role that somebody holds in a place.
type seat struct {
	ID        string    `json:"id"`
	Kind      string    `json:"subject_type"` // user, service or org
	Subject   string    `json:"subject"`
	Role      string    `json:"role"`
	Org       string    `json:"org"`
	OrgName   string    `json:"org_name,omitzero"`
	Device    string    `json:"device,omitzero"` // where it is for one device alone
	Reach     string    `json:"reach"`
	From      time.Time `json:"from,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Source    string    `json:"source"`
	LentFrom  string    `json:"lent_from,omitzero"` // the role that this one leans on
	Reason    string    `json:"reason,omitzero"`
	GrantedBy string    `json:"granted_by"`
	CreatedAt time.Time `json:"created_at"`
}

func seatOf(s policies.Assignment, orgName string) seat {
	return seat{ID: string(s.ID), Kind: string(s.SubjectType), Subject: string(s.User), Role: string(s.Role), Org: string(s.Org), OrgName: orgName,
		Device: string(s.Device), Reach: string(s.Reach), From: s.From, Until: s.Until, Source: string(s.Source), LentFrom: string(s.Lent),
		Reason: s.Reason, GrantedBy: string(s.GrantedBy), CreatedAt: s.CreatedAt}
}

// person is somebody with what he holds in a place and below.
type person struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Email string     `json:"email"`
	Roles []heldRole `json:"roles"`
}

// heldRole is a role of a person who is named already.
type heldRole struct {
	ID      string `json:"id"`
	Role    string `json:"role"`
	Org     string `json:"org"`
	OrgName string `json:"org_name"`
}

func personOf(p orgs.Person) person {
	out := person{ID: string(p.ID), Name: p.Name, Email: string(p.Email)}
	for _, s := range p.Seats {
		out.Roles = append(out.Roles, heldRole{string(s.ID), string(s.Role), string(s.Org), s.OrgName})
	}
	return out
}

func (a *API) listPeople(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	all := func() ([]orgs.Person, error) { return a.Orgs.People(c.Request().Context(), org) }
	return listOf(c, "people", all, personOf, func(p person) string { return p.ID })
}

func (a *API) rolesOf(c echo.Context) error {
	who, err := id(c, "person", iam.ParseUserID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	names, err := a.placeNames(ctx)
	if err != nil {
		return err
	}
	all := func() ([]policies.Assignment, error) { return a.Decider.Of(ctx, who) }
	return listOf(c, "roles", all, func(s policies.Assignment) seat { return seatOf(s, names[s.Org]) }, func(s seat) string { return s.ID })
}

func (a *API) endRole(c echo.Context) error {
	role, err := id(c, "role", iam.ParseAssignmentID)
	if err != nil {
		return err
	}
	w, err := withOf(c)
	if err != nil {
		return err
	}
	if err := a.Orgs.EndRole(c.Request().Context(), role, w); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// invitation is an open offer of a role; Link is there only when it is made.
type invitation struct {
	ID        string    `json:"id"`
	Org       string    `json:"org"`
	OrgName   string    `json:"org_name,omitzero"`
	Email     string    `json:"email"`
	Role      string    `json:"role"`
	InvitedBy string    `json:"invited_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Link      string    `json:"link,omitzero"`
}

func invitationOf(i orgs.Invitation) invitation {
	return invitation{ID: string(i.ID), Org: string(i.Org), OrgName: i.OrgName, Email: string(i.Email), Role: string(i.Role),
		InvitedBy: string(i.InvitedBy), CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

func (a *API) invitations(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	all := func() ([]orgs.Invitation, error) { return a.Orgs.Invitations(c.Request().Context(), org) }
	return listOf(c, "invitations", all, invitationOf, func(i invitation) string { return i.ID })
}

func (a *API) invite(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	if isFile(c) {
		return a.file(c, func(ctx context.Context, file io.Reader, good bool) (bulk.Run, error) {
			return a.Bulk.StartInvite(ctx, org, file, good)
		})
	}
	var in struct {
		Email string `json:"email"`
		Role  string `json:"role"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	token, made, err := a.Orgs.Invite(ctx, org, in.Email, in.Role)
	if err != nil {
		return err
	}
	open, err := a.Orgs.Invitations(ctx, org)
	if err != nil {
		return err
	}
	for _, i := range open {
		if i.ID == made {
			out := invitationOf(i)
			out.Link = a.BaseURL(c) + "/i/" + token.Reveal()
			return say(c, http.StatusCreated, out)
		}
	}
	return orgs.ErrInvitationUnknown
}

func (a *API) revokeInvitation(c echo.Context) error {
	i, err := id(c, "invitation", iam.ParseInvitationID)
	if err != nil {
		return err
	}
	if err := a.Orgs.RevokeInvitation(c.Request().Context(), i); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
