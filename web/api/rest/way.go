package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/policies"
	"halfkey/web/auth"
)

// ErrByToken keeps whoever found a token from locking its owner out, or himself in.
var ErrByToken = fault.New(fault.Refused, "self-by-token", "A token does not stand for you here. Sign in for that.")

func (a *API) mine(g *echo.Group) {
	g.GET("/me/ways", a.ways, himself, known())
	g.PATCH("/me/passkeys/:passkey", a.renamePasskey, a.fresh, known())
	g.DELETE("/me/passkeys/:passkey", a.removePasskey, a.fresh, known())
	g.PUT("/me/password", a.setPassword, a.fresh, known())
	g.DELETE("/me/password", a.mySelf(a.credentials().RemovePassword), a.fresh, known())
	g.DELETE("/me/app", a.mySelf(a.credentials().TurnAppOff), a.fresh, known())
	g.DELETE("/me/sessions", a.mySelf(a.Sessions.EndOthers), known())
	g.POST("/me/address", a.changeAddress, a.fresh, known())
	g.POST("/me/address/confirm", a.confirmAddress, known())
	g.GET("/me/wishes", a.getWishes, himself, known())
	g.PATCH("/me/wishes", a.changeWishes, himself, known())
}

// himself keeps what is only a person's own, wherever it is about, from a token of
// his that was cut to less.
func himself(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !policies.Whole(c.Request().Context()) {
			return ErrByToken
		}
		return next(c)
	}
}

func (a *API) credentials() iam.Credentials { return iam.Credentials{Sessions: a.Sessions} }

// acting is the person who asks, as a session. It fails with ErrByToken for who
// shows a token.
func (a *API) acting(ctx context.Context) (me iam.Session, err error) {
	if _, byToken := iam.BearerOf(ctx); byToken {
		return me, ErrByToken
	}
	if me, ok := auth.Of(ctx); ok {
		return me, nil
	}
	who, err := iam.PersonIn(ctx)
	if err != nil {
		return me, err
	}
	u, err := a.Users.Get(ctx, who)
	return iam.Session{User: u.ID, Name: u.Name, Email: u.Email, Home: u.Home}, err
}

// mySelf runs a deed on the person who asks.
func (a *API) mySelf(deed func(context.Context, iam.Session) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		me, err := a.acting(ctx)
		if err != nil {
			return err
		}
		return silently(c, deed(ctx, me))
	}
}

// waysIn is how whoever asks may sign in.
type waysIn struct {
	Passkeys []passkey `json:"passkeys"`
	Password bool      `json:"password"`
	App      time.Time `json:"app_since,omitzero"`
	Codes    int       `json:"recovery_codes"`
	Email    string    `json:"email"`
	Known    time.Time `json:"email_confirmed_at,omitzero"`
}

// passkey is one of one's own.
type passkey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Synced    bool      `json:"synced"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	CopiedAt  time.Time `json:"copied_at,omitzero"`
}

func (a *API) ways(c echo.Context) error {
	ctx := c.Request().Context()
	who, err := iam.PersonIn(ctx)
	if err != nil {
		return err
	}
	w, err := a.credentials().Of(ctx, who)
	if err != nil {
		return err
	}
	u, err := a.Users.Get(ctx, who)
	if err != nil {
		return err
	}
	out := waysIn{Password: w.Password, App: w.App, Codes: w.Codes, Email: string(u.Email)}
	if out.Known, err = a.Users.Confirmed(ctx, who); err != nil {
		return err
	}
	for _, p := range w.Passkeys {
		out.Passkeys = append(out.Passkeys, passkey{string(p.ID), p.Name, p.Synced, p.CreatedAt, p.UsedAt, p.CopiedAt})
	}
	return say(c, http.StatusOK, out)
}

// onPasskey runs a deed on the passkey that the address names.
func (a *API) onPasskey(c echo.Context, deed func(context.Context, iam.Session, iam.PasskeyID) error) error {
	which, err := id(c, "passkey", iam.ParsePasskeyID)
	if err != nil {
		return err
	}
	return a.mySelf(func(ctx context.Context, me iam.Session) error { return deed(ctx, me, which) })(c)
}

func (a *API) removePasskey(c echo.Context) error {
	return a.onPasskey(c, a.credentials().RemovePasskey)
}

func (a *API) renamePasskey(c echo.Context) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.onPasskey(c, func(ctx context.Context, me iam.Session, which iam.PasskeyID) error {
		return a.credentials().RenamePasskey(ctx, me, which, in.Name)
	})
}

func (a *API) setPassword(c echo.Context) error {
	var in struct {
		Password string `json:"password"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.mySelf(func(ctx context.Context, me iam.Session) error {
		return a.credentials().SetPassword(ctx, me, vault.Secret(in.Password))
	})(c)
}

// changeAddress says the same whether somebody has the new address or not.
func (a *API) changeAddress(c echo.Context) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.mails(c, func(ctx context.Context, me iam.Session) error { return a.Orgs.Addresses.AskChange(ctx, me, in.Email) })
}

func (a *API) confirmAddress(c echo.Context) error { return a.mails(c, a.Orgs.Addresses.AskConfirm) }

// mails runs a deed that goes on with a link in a letter.
func (a *API) mails(c echo.Context, deed func(context.Context, iam.Session) error) error {
	ctx := c.Request().Context()
	me, err := a.acting(ctx)
	if err != nil {
		return err
	}
	if err := deed(ctx, me); err != nil {
		return err
	}
	return c.NoContent(http.StatusAccepted)
}

// wishes are what whoever asks wants to hear of by mail.
type wishes struct {
	Silence bool `json:"silent_devices"`
	SignIns bool `json:"new_browsers"`
}

func (a *API) wishesHere(c echo.Context) (w wishes, me iam.UserID, err error) {
	ctx := c.Request().Context()
	if me, err = iam.PersonIn(ctx); err != nil {
		return w, me, err
	}
	if w.Silence, err = a.Rhythm.Wishes(ctx, me); err != nil {
		return w, me, err
	}
	muted, err := a.Post.Muted(ctx, string(me), iam.LetterNewBrowser)
	if err != nil {
		return w, me, err
	}
	w.SignIns = !muted
	return w, me, still(c, w)
}

func (a *API) getWishes(c echo.Context) error {
	w, _, err := a.wishesHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, w)
}

func (a *API) changeWishes(c echo.Context) error {
	w, me, err := a.wishesHere(c)
	if err != nil {
		return err
	}
	was := w
	if err := read(c, &w); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if was.SignIns != w.SignIns { // whoever found a token must not come in unheard
		if _, err := a.acting(ctx); err != nil {
			return err
		}
		mute := func(tx *gorm.DB) error { return a.Post.Mute(tx, string(me), iam.LetterNewBrowser, !w.SignIns) }
		if err := a.DB.WithContext(ctx).Transaction(mute); err != nil {
			return err
		}
	}
	if was.Silence != w.Silence {
		if err := a.Rhythm.Wish(ctx, me, w.Silence); err != nil {
			return err
		}
	}
	return thing(c, http.StatusOK, w)
}
