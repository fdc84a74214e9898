package portal

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"halfkey/iam"
)

// SilenceWish is a part of the viewer's own page: whether he hears of silent devices.
func (p *Portal) SilenceWish(c echo.Context) (templ.Component, error) {
	me, err := iam.PersonIn(c.Request().Context())
	if err != nil {
		return nil, err
	}
	wants, err := p.Rhythm.Wishes(c.Request().Context(), me)
	return silenceWish(wants), err
}

func (p *Portal) wishSilence(c echo.Context) error {
	me, err := iam.PersonIn(c.Request().Context())
	if err != nil {
		return err
	}
	if err := p.Rhythm.Wish(c.Request().Context(), me, c.FormValue("silence") != ""); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/me#silence")
}
