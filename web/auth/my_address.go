package auth

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
)

// addressPart draws what a person's own page says of his address.
func (m *Me) addressPart(c echo.Context) (templ.Component, error) {
	v, _ := c.Get(addressKey).(myAddress)
	err := m.myAddress(c.Request().Context(), &v)
	return myAddressPart(v), err
}

// addressKey is under which a deed leaves word for the page that it answers with.
const addressKey = "halfkey-address"

func (m *Me) myAddress(ctx context.Context, v *myAddress) error {
	me, _ := Of(ctx)
	v.Email, v.Mail = string(me.Email), m.Recovery.Post.On()
	at, err := m.Users.Confirmed(ctx, me.User)
	if err != nil {
		return err
	}
	v.Confirmed = !at.IsZero()
	v.Muted, err = m.Recovery.Post.Muted(ctx, string(me.User), iam.LetterNewBrowser)
	return err
}

func (m *Me) askConfirm(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	if err := m.Orgs.Addresses.AskConfirm(c.Request().Context(), me); err != nil {
		return err
	}
	c.Set(addressKey, myAddress{Sent: string(me.Email)})
	return m.answer(c, http.StatusOK, meView{})
}

// changeAddress says the same whether somebody has the new address or not.
func (m *Me) changeAddress(c echo.Context) error {
	me, _ := Of(c.Request().Context())
	email := c.FormValue("email")
	err := m.Orgs.Addresses.AskChange(c.Request().Context(), me, email)
	if wrong, ok := wrongIn(err, "email"); ok && wrong.of("email") != "" {
		c.Set(addressKey, myAddress{New: email, Wrong: wrong.of("email")})
		return m.answer(c, http.StatusUnprocessableEntity, meView{})
	}
	if err != nil {
		return err
	}
	c.Set(addressKey, myAddress{Sent: email})
	return m.answer(c, http.StatusOK, meView{})
}

func (m *Me) chooseMail(c echo.Context) error {
	ctx := c.Request().Context()
	me, _ := Of(ctx)
	mute := c.FormValue("sign_ins") == ""
	err := m.Sessions.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return m.Recovery.Post.Mute(tx, string(me.User), iam.LetterNewBrowser, mute)
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/me#address")
}

// noteBrowser remembers where the person is signed in now, and lets him hear of a
// place where he never was. Should it fail, he is signed in all the same.
func (d *Door) noteBrowser(c echo.Context, token vault.Secret) {
	ctx := c.Request().Context()
	s, err := d.Sessions.Find(ctx, token)
	if err == nil {
		err = d.Browsers.Seen(ctx, iam.User{ID: s.User, Name: s.Name}, d.browser(c), deviceWords(ctx, c.Request().UserAgent()))
	}
	if err != nil {
		d.Log.Warn("a sign-in's browser is not remembered", "error", err)
	}
}

// mountAddress adds what can be done on the page's part about the address.
func (m *Me) mountAddress(g *echo.Group) {
	m.Parts = append(m.Parts, m.addressPart)
	g.POST("/me/address/confirm", m.askConfirm)
	g.POST("/me/address", m.changeAddress, m.Fresh)
	g.POST("/me/mail", m.chooseMail)
}
