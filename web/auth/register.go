package auth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (d *Door) showRegister(c echo.Context) error {
	return d.answerRegister(c, http.StatusOK, registerForm{})
}

func (d *Door) answerRegister(c echo.Context, status int, f registerForm) error {
	ctx := c.Request().Context()
	p := d.Page(c, ui.T(ctx, "auth.register.title"))
	up, err := d.Settings.Get(ctx, iam.SettingSignUp)
	if err != nil {
		return err
	}
	switch {
	case up != iam.SignUpOpen:
		return show.Page(c, status, closedPage(p))
	case d.lineOf(c.Request()) == open:
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	f.Passkey = d.newcomersPasskey(c, "auth.register.do")
	f.Account.Addresses = d.Orgs.Newcomers
	return show.Page(c, status, registerPage(p, f))
}

// register founds an organisation and signs its owner in.
func (d *Door) register(c echo.Context) error {
	f := registerForm{Organisation: c.FormValue("organisation"), Name: c.FormValue("name"), Email: c.FormValue("email")}
	if d.lineOf(c.Request()) == open {
		return d.answerRegister(c, http.StatusForbidden, f)
	}
	if err := d.bring(c, &f); err != nil || c.FormValue("do") == "check" {
		return d.answerAccount(c, f, err)
	}
	if d.Orgs.ByMail() {
		return d.registerByMail(c, f)
	}
	founded, by, err := d.found(c, f)
	if wrong, ok := wrongIn(err, "organisation"); ok {
		f.Wrong = wrong
		return d.answerRegister(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	to := "/"
	if f.Account.silent() {
		to = "/connectors/" + string(founded.Connector) // how it fares, and what helps
	}
	return d.welcome(c, founded.User, by, to)
}

// registerByMail answers everybody alike; whether there is an account with the
// address already is told there.
func (d *Door) registerByMail(c echo.Context, f registerForm) error {
	ctx := c.Request().Context()
	with, err := d.choice(c)
	if err == nil {
		v := d.visit(c)
		err = d.Orgs.AskFounding(ctx, orgs.FoundRequest{
			Organisation: f.Organisation, Name: f.Name, Email: f.Email, Password: with.Password, Passkey: with.Passkey, Account: f.Account.draft}, v.Browser, v.Source)
	}
	if wrong, ok := wrongIn(err, "organisation"); ok {
		f.Wrong = wrong
		return d.answerRegister(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	p := d.Page(c, ui.T(ctx, "auth.register.title"))
	return show.Page(c, http.StatusOK, lookPage(p, f.Email))
}

func (d *Door) found(c echo.Context, f registerForm) (orgs.Founded, iam.Method, error) {
	with, err := d.choice(c)
	if err != nil {
		return orgs.Founded{}, "", err
	}
	founded, err := d.Orgs.Found(c.Request().Context(), orgs.FoundRequest{
		Organisation: f.Organisation, Name: f.Name, Email: f.Email, Password: with.Password, Passkey: with.Passkey, Account: f.Account.draft})
	return founded, with.Method(), err
}
