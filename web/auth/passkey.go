package auth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/web/ui"
)

// passkeyPart is what a page needs to ask an authenticator, for its script.
type passkeyPart struct {
	Origin string // at which passkeys work; "": nowhere
	Ask    string // where the script gets the question
	Make   bool   // a new one; else one that is there already
	Prefix string // of the hidden fields' names
	Waits  bool   // offered beside the e-mail field before anybody clicks
	Text   string // on the button
}

func (p passkeyPart) kind() string {
	if p.Make {
		return "make"
	}
	return "use"
}

// askToUse answers the script of the sign-in and of the proof.
func (d *Door) askToUse(c echo.Context) error {
	q, err := d.Sessions.AskToUse(d.visit(c))
	if err != nil {
		return err
	}
	return question(c, q)
}

// askNewcomer answers the script of a form whose sender is nobody yet.
func (d *Door) askNewcomer(c echo.Context) error {
	q, err := d.Sessions.AskToMake(c.Request().Context(), d.visit(c), "", c.FormValue("email"), c.FormValue("name"))
	if err != nil {
		return err
	}
	return question(c, q)
}

func question(c echo.Context, q iam.Question) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, q)
}

// reply is what the script wrote into the form's hidden fields.
func reply(c echo.Context, prefix string) (r iam.Reply, given bool) {
	r = iam.Reply{Ticket: c.FormValue(prefix + "ticket"), Answer: c.FormValue(prefix + "passkey")}
	return r, r.Ticket != "" && r.Answer != ""
}

// choice is what a newcomer's form brought to sign in with. A passkey that does
// not hold is a wrong field of the form, as a password is.
func (d *Door) choice(c echo.Context) (iam.Choice, error) {
	r, given := reply(c, "")
	if !given {
		return iam.Choice{Password: vault.Secret(c.FormValue("password"))}, nil
	}
	ctx := c.Request().Context()
	made, err := d.Sessions.Made(ctx, d.visit(c), r, ui.T(ctx, "me.passkey.on", "Device", deviceWords(ctx, c.Request().UserAgent())))
	if _, tellable := wrongIn(err, "password"); tellable {
		return iam.Choice{}, iam.Wrong("password", err)
	}
	return iam.Choice{Passkey: &made}, err
}
