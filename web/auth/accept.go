package auth

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (d *Door) showInvitation(c echo.Context) error {
	return d.answerInvitation(c, http.StatusOK, invitation{})
}

func (d *Door) answerInvitation(c echo.Context, status int, v invitation) error {
	ctx := c.Request().Context()
	i, err := d.Orgs.Invitation(ctx, c.Param("token"))
	if err != nil {
		return err
	}
	v.Title, v.Text = ui.T(ctx, "auth.invite.title", "Org", i.OrgName), ui.Rich("auth.invite.text", "Inviter", i.Inviter, "Org", i.OrgName)
	if i.Deputy {
		v.Title = ui.T(ctx, "auth.invite.deputy.title", "Inviter", i.Inviter)
		v.Text = ui.Rich("auth.invite.deputy", "Inviter", i.Inviter, "Org", i.OrgName, "Until", ui.Moment(ctx, i.Until))
	}
	p := d.Page(c, v.Title)
	if d.lineOf(c.Request()) == open {
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	who, in := Of(ctx)
	v.Action, v.Email, v.Devices = "/i/"+c.Param("token"), string(i.Email), i.Devices
	v.Passkey = d.newcomersPasskey(c, "auth.invite.accept")
	v.SignedIn = in && who.Email == i.Email
	return show.Page(c, status, invitationPage(p, v))
}

// accept takes the invitation up: as the person who is signed in with its
// address, or as somebody new, who is signed in by it.
func (d *Door) accept(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	if d.lineOf(c.Request()) == open {
		return d.answerInvitation(c, http.StatusForbidden, invitation{})
	}
	i, err := d.Orgs.Invitation(ctx, token)
	if err != nil {
		return err
	}
	if who, in := Of(ctx); in && who.Email == i.Email {
		if err := d.Orgs.AcceptAs(ctx, token); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	}
	v := invitation{Name: c.FormValue("name")}
	with, err := d.choice(c)
	var user iam.UserID
	if err == nil {
		user, err = d.Orgs.Accept(ctx, token, v.Name, with)
	}
	where := "name"
	if errors.Is(err, orgs.ErrHasAccount) {
		where = "email"
	}
	if errs, ok := wrongIn(err, where); ok {
		v.Wrong = errs
		return d.answerInvitation(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return d.welcome(c, user, with.Method(), "/")
}
