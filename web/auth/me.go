package auth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Me is a person's own page: how he signs in, where he is signed in, and what
// others add to it.
type Me struct {
	*Door
	Around func(c echo.Context, title string) (ui.Page, error) // the frame round the page
	Parts  []MePart                                            // what stands between the ways in and the sessions
}

// MePart is a part of the page that another room draws.
type MePart func(c echo.Context) (templ.Component, error)

// Mount adds the page; g lets only those in who are signed in. What changes a
// way in wants a fresh proof.
func (m *Me) Mount(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/me": m.show, "/step": m.showStep} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.POST("/step", m.step)
	g.POST("/me/passkeys/ask", m.askMine)
	g.POST("/me/passkeys", m.addPasskey, m.Fresh)
	g.POST("/me/passkeys/:id", m.renamePasskey, m.Fresh)
	g.POST("/me/passkeys/:id/remove", m.removePasskey, m.Fresh)
	g.POST("/me/password", m.setPassword, m.FreshAt(func(echo.Context) string { return "/me?again=yes#password" }))
	g.POST("/me/password/remove", m.removePassword, m.Fresh)
	g.POST("/me/app", m.askForApp, m.Fresh)
	g.POST("/me/app/on", m.turnAppOn, m.Fresh)
	g.POST("/me/app/off", m.turnAppOff, m.Fresh)
	g.POST("/me/codes", m.renewCodes, m.Fresh)
	m.mountAddress(g)
	g.POST("/me/sessions/:id/end", m.endSession)
	g.POST("/me/sessions/end-others", m.endOthers)
}

func (m *Me) credentials() iam.Credentials { return iam.Credentials{Sessions: m.Sessions} }

func (m *Me) show(c echo.Context) error { return m.answer(c, http.StatusOK, meView{}) }

// answer draws the page, with what was wrong with one of its forms.
func (m *Me) answer(c echo.Context, status int, v meView) error {
	ctx := c.Request().Context()
	me, ok := Of(ctx)
	if !ok {
		return ErrSignIn
	}
	var err error
	if v.Ways, err = m.credentials().Of(ctx, me.User); err != nil {
		return err
	}
	if v.Sessions, err = m.Sessions.List(ctx, me.User); err != nil {
		return err
	}
	for _, part := range m.Parts {
		one, err := part(c)
		if err != nil {
			return err
		}
		v.Parts = append(v.Parts, one)
	}
	p, err := m.Around(c, ui.T(ctx, "me.title"))
	if err != nil {
		return err
	}
	p.Path = "/me"
	v.Me, v.Theme, v.Again = me, p.Theme, c.QueryParam("again") != ""
	v.Add = passkeyPart{Origin: m.site(c).Origin, Ask: "/me/passkeys/ask", Make: true, Text: ui.T(ctx, "me.passkey.add")}
	return show.Page(c, status, mePage(p, v))
}

// settled leads back to the page after a deed, or says there what was in its way:
// beside the field, where it is about one.
func (m *Me) settled(c echo.Context, err error, field string) error {
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/me")
	}
	wrong, ok := wrongIn(err, field)
	switch {
	case !ok:
		return err
	case field == "":
		return m.answer(c, http.StatusUnprocessableEntity, meView{Trouble: wrong[0].What})
	}
	return m.answer(c, http.StatusUnprocessableEntity, meView{Wrong: wrong})
}

func (m *Me) askMine(c echo.Context) error {
	me, ok := Of(c.Request().Context())
	if !ok {
		return ErrSignIn
	}
	q, err := m.Sessions.AskToMake(c.Request().Context(), m.visit(c), me.User, string(me.Email), me.Name)
	if err != nil {
		return err
	}
	return question(c, q)
}

func (m *Me) addPasskey(c echo.Context) error {
	ctx := c.Request().Context()
	me, _ := Of(ctx)
	r, _ := reply(c, "")
	made, err := m.Sessions.Made(ctx, m.visit(c), r, ui.T(ctx, "me.passkey.on", "Device", deviceWords(ctx, c.Request().UserAgent())))
	if err == nil {
		err = m.credentials().AddPasskey(ctx, me, made)
	}
	return m.settled(c, err, "")
}

func (m *Me) renamePasskey(c echo.Context) error {
	id, err := iam.ParsePasskeyID(c.Param("id"))
	if err != nil {
		return err
	}
	me, _ := Of(c.Request().Context())
	return m.settled(c, m.credentials().RenamePasskey(c.Request().Context(), me, id, c.FormValue("name")), "name-"+string(id))
}

func (m *Me) removePasskey(c echo.Context) error {
	id, err := iam.ParsePasskeyID(c.Param("id"))
	if err != nil {
		return err
	}
	me, _ := Of(c.Request().Context())
	return m.settled(c, m.credentials().RemovePasskey(c.Request().Context(), me, id), "name-"+string(id))
}

func (m *Me) setPassword(c echo.Context) error {
	ctx := c.Request().Context()
	me, _ := Of(ctx)
	return m.settled(c, m.credentials().SetPassword(ctx, me, vault.Secret(c.FormValue("password"))), "password")
}

func (m *Me) removePassword(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	return m.settled(c, m.credentials().RemovePassword(c.Request().Context(), me), "password")
}

func (m *Me) askForApp(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	app, err := m.credentials().AskForApp(c.Request().Context(), me, m.visit(c))
	if err != nil {
		return m.settled(c, err, "password")
	}
	return m.answerApp(c, http.StatusOK, app, "")
}

func (m *Me) answerApp(c echo.Context, status int, app iam.NewApp, wrong string) error {
	picture, err := qr.Encode(app.Link.Reveal(), qr.M, qr.Auto)
	if err != nil {
		return err
	}
	v := appView{Ticket: app.Ticket, Secret: grouped(app.Secret.Reveal()), Wrong: wrong}
	v.QR, v.QRSize = ui.QRPath(picture)
	p, err := m.Around(c, ui.T(c.Request().Context(), "me.app.title"))
	if err != nil {
		return err
	}
	p.Path = "/me"
	return show.Page(c, status, appPage(p, v))
}

// grouped cuts what has to be typed into fours.
func grouped(s string) string {
	var out strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

func (m *Me) turnAppOn(c echo.Context) error {
	ctx := c.Request().Context()
	me, _ := Of(ctx)
	ticket, from := c.FormValue("ticket"), m.visit(c)
	codes, err := m.credentials().TurnAppOn(ctx, me, ticket, c.FormValue("code"), from)
	if errors.Is(err, iam.ErrCodeWrong) {
		app, again := m.credentials().SameApp(me, ticket, from)
		if again == nil {
			return m.answerApp(c, http.StatusUnprocessableEntity, app, fault.Of(err).Sentence)
		}
		err = again
	}
	if err != nil {
		return m.settled(c, err, "")
	}
	return m.answerCodes(c, codes)
}

func (m *Me) turnAppOff(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	return m.settled(c, m.credentials().TurnAppOff(c.Request().Context(), me), "password")
}

func (m *Me) renewCodes(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	codes, err := m.credentials().RenewCodes(c.Request().Context(), me)
	if err != nil {
		return err
	}
	return m.answerCodes(c, codes)
}

// answerCodes shows recovery codes, this once.
func (m *Me) answerCodes(c echo.Context, codes []vault.Secret) error {
	p, err := m.Around(c, ui.T(c.Request().Context(), "me.codes.title"))
	if err != nil {
		return err
	}
	p.Path = "/me"
	var shown []string
	for _, code := range codes {
		shown = append(shown, code.Reveal())
	}
	return show.Page(c, http.StatusOK, codesPage(p, shown))
}

func (m *Me) endSession(c echo.Context) error {
	id, err := iam.ParseSessionID(c.Param("id"))
	if err != nil {
		return err
	}
	me, _ := Of(c.Request().Context())
	if err := m.Sessions.End(c.Request().Context(), me, id); err != nil && !errors.Is(err, iam.ErrSessionUnknown) {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/me")
}

func (m *Me) endOthers(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	return m.settled(c, m.Sessions.EndOthers(c.Request().Context(), me), "")
}
