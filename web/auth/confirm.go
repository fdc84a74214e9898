package auth

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// showConfirm asks before it does anything: a mail program that looks at links
// by itself uses none up.
func (d *Door) showConfirm(c echo.Context) error {
	return d.answerConfirm(c, http.StatusOK, confirmForm{})
}

func (d *Door) answerConfirm(c echo.Context, status int, f confirmForm) error {
	ctx, token := c.Request().Context(), c.Param("token")
	p := d.Page(c, ui.T(ctx, "mail.confirm.title"))
	p.Path = "/confirm" // the link is a permission: no other link of the page carries it
	if d.lineOf(c.Request()) == open {
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	f.Action = "/confirm/" + token
	link, err := d.Orgs.Addresses.Show(ctx, token)
	if errors.Is(err, iam.ErrLink) {
		var w orgs.Founding
		if w, err = d.Orgs.Waiting(ctx, token); err == nil {
			f.Email, f.Org = string(w.Owner.Email), w.Organisation
			p.Title = ui.T(ctx, "auth.register.title")
			return show.Page(c, status, confirmPage(p, f))
		}
	}
	if err != nil {
		return err
	}
	f.Email, f.Change = string(link.Email), link.Purpose == iam.LinkAddress
	return show.Page(c, status, confirmPage(p, f))
}

func (d *Door) confirm(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	if d.lineOf(c.Request()) == open {
		return d.answerConfirm(c, http.StatusForbidden, confirmForm{})
	}
	link, err := d.Orgs.Addresses.Show(ctx, token)
	if errors.Is(err, iam.ErrLink) {
		return d.foundByLink(c, token)
	}
	if err == nil {
		err = d.Orgs.Addresses.Finish(ctx, token)
	}
	if err != nil {
		return err
	}
	p := d.Page(c, ui.T(ctx, "mail.confirmed.title"))
	p.Path = "/confirm"
	return show.Page(c, http.StatusOK, confirmedPage(p, string(link.Email)))
}

// foundByLink finishes a registration and signs the owner in.
func (d *Door) foundByLink(c echo.Context, token string) error {
	v := d.visit(c)
	founded, by, err := d.Orgs.FoundByLink(c.Request().Context(), token, v.Browser, vault.Secret(c.FormValue("password")))
	if errors.Is(err, orgs.ErrOtherBrowser) {
		wrong, _ := wrongIn(err, "password")
		return d.answerConfirm(c, http.StatusUnprocessableEntity, confirmForm{Elsewhere: true, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	return d.welcome(c, founded.User, by, "/")
}
