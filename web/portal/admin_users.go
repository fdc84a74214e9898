package portal

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/web/ask"
	"halfkey/web/auth"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// adminUsers lists people, wherever they belong.
func (p *Portal) adminUsers(c echo.Context) error { return p.answerUsers(c, http.StatusOK, "") }

func (p *Portal) answerUsers(c echo.Context, status int, trouble string) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "admin.users"), "admin-users")
	if err != nil {
		return err
	}
	v := adminUsersPage{Find: form.Words(c.QueryParam("q")), Off: c.QueryParam("off") != "", Trouble: trouble}
	f := orgs.AccountFilter{Find: v.Find, Off: v.Off, Limit: adminAtOnce + 1}
	if s := c.QueryParam("after"); s != "" {
		if f.After, err = iam.ParseUserID(s); err != nil {
			return err
		}
	}
	list, err := p.Orgs.Accounts(ctx, f)
	if err != nil {
		return err
	}
	off := ""
	if v.Off {
		off = "on"
	}
	q := adminQuery("q", v.Find, "off", off)
	if f.After != "" {
		v.First = "/admin/users?" + q.Encode()
	}
	if len(list) > adminAtOnce {
		list = list[:adminAtOnce]
		v.Next = adminNext("/admin/users", q, string(list[adminAtOnce-1].ID))
	}
	me, _ := auth.Of(ctx)
	for _, a := range list {
		u := adminUser{ID: string(a.ID), Name: a.Name, Email: string(a.Email), Home: a.HomeName, Href: "/people/" + string(a.ID) + "?org=" + string(a.Home), More: a.More,
			Off: a.Off, Gone: a.Gone, You: a.ID == me.User}
		for _, s := range a.Seats {
			u.Roles = append(u.Roles, held{Role: p.roleWord(ctx, s.Role), From: s.OrgName})
		}
		v.Lines = append(v.Lines, u)
	}
	return show.Page(c, status, adminUsersView(h.Page, v))
}

// switchAccount switches somebody off, or on again.
func (p *Portal) switchAccount(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := iam.ParseUserID(c.Param("id"))
	if err != nil {
		return err
	}
	a, err := p.Orgs.AccountOf(ctx, id)
	if err != nil {
		return err
	}
	back := "/admin/users?" + adminQuery("q", string(a.Email)).Encode()
	if c.FormValue("on") != "" {
		if err := p.Orgs.Enable(ctx, id); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, back)
	}
	err = ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.Disable(ctx, id) }, ask.Question{
		Title: ui.T(ctx, "person.off.title", "Name", a.Name), Text: ui.T(ctx, "person.off.text"), Action: "/admin/users/" + string(id) + "/switch",
		Yes: ui.T(ctx, "person.off.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: back, Danger: true, Active: "admin-users"})
	if f := fault.Of(err); f != nil && (f.Kind == fault.Conflict || f.Kind == fault.Refused) {
		return p.answerUsers(c, f.Kind.Status(), f.Sentence)
	}
	return err
}
