package auth

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (d *Door) showRecover(c echo.Context) error {
	return d.answerRecover(c, http.StatusOK, recoverForm{Email: c.QueryParam("email")})
}

func (d *Door) answerRecover(c echo.Context, status int, f recoverForm) error {
	p := d.Page(c, ui.T(c.Request().Context(), "mail.recover.title"))
	p.Path = "/recover"
	if d.lineOf(c.Request()) == open {
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	return show.Page(c, status, recoverPage(p, f, d.Recovery.Post.On()))
}

// recover answers everybody alike, whether there is such an account or not.
func (d *Door) recover(c echo.Context) error {
	f := recoverForm{Email: c.FormValue("email")}
	if d.lineOf(c.Request()) == open {
		return d.answerRecover(c, http.StatusForbidden, f)
	}
	err := d.Recovery.Ask(c.Request().Context(), f.Email, d.source(c.Request()))
	if wrong, ok := wrongIn(err, "email"); ok && errors.Is(err, iam.ErrForm) {
		f.Wrong = wrong
		return d.answerRecover(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return d.answerRecover(c, http.StatusOK, recoverForm{Sent: true})
}

func (d *Door) showWayBack(c echo.Context) error {
	return d.answerWayBack(c, http.StatusOK, nil)
}

func (d *Door) answerWayBack(c echo.Context, status int, wrong wrongs) error {
	ctx := c.Request().Context()
	p := d.Page(c, ui.T(ctx, "mail.way.title"))
	p.Path = "/recover" // the link is a permission: no other link of the page carries it
	if d.lineOf(c.Request()) == open {
		return show.Page(c, status, plainPage(p, d.local(c.Request())))
	}
	way, err := d.Recovery.Show(ctx, c.Param("token"))
	if err != nil {
		return err
	}
	return show.Page(c, status, wayBackPage(p, wayBack{Action: "/recover/" + c.Param("token"), Email: string(way.User.Email), Second: way.Second, Wrong: wrong}))
}

// comeBack sets the new password and signs the person in.
func (d *Door) comeBack(c echo.Context) error {
	ctx := c.Request().Context()
	if d.lineOf(c.Request()) == open {
		return d.answerWayBack(c, http.StatusForbidden, nil)
	}
	user, by, err := d.Recovery.Finish(ctx, c.Param("token"), vault.Secret(c.FormValue("password")), c.FormValue("code"), d.source(c.Request()))
	if wrong, ok := wrongIn(err, "password"); ok && errors.Is(err, iam.ErrForm) {
		return d.answerWayBack(c, http.StatusUnprocessableEntity, wrong)
	}
	if err != nil {
		return err
	}
	token, _, err := d.Sessions.Open(ctx, user, by, d.source(c.Request()), c.Request().UserAgent())
	if err != nil {
		return err
	}
	d.enter(c, token)
	return c.Redirect(http.StatusSeeOther, "/")
}

// mountLinks adds the pages that links of ours lead to, and where they are asked for.
func (d *Door) mountLinks(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/recover": d.showRecover, "/recover/:token": d.showWayBack, "/confirm/:token": d.showConfirm} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.POST("/recover", d.recover)
	g.POST("/recover/:token", d.comeBack)
	g.POST("/confirm/:token", d.confirm)
}
