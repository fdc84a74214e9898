package rest

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/policies"
)

// wayBack is how somebody comes in again. Link is there where no mail is sent.
type wayBack struct {
	Mailed bool   `json:"mailed"`
	Link   string `json:"link,omitzero"`
}

// help makes a way back in for somebody whom the caller sees and may help.
func (a *API) help(c echo.Context) error {
	who, err := id(c, "person", iam.ParseUserID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	me, err := a.acting(ctx)
	if err != nil {
		return err
	}
	u, err := a.Users.Get(ctx, who)
	if errors.Is(err, iam.ErrUserUnknown) || err == nil && !a.Decider.May(ctx, policies.ReadPeople, u.Home) {
		return policies.ErrHidden
	}
	if err != nil {
		return err
	}
	token, err := a.Recovery.Help(ctx, me.User, who)
	if err != nil {
		return err
	}
	out := wayBack{Mailed: token == ""}
	if token != "" {
		out.Link = a.BaseURL(c) + "/recover/" + token.Reveal()
	}
	return say(c, http.StatusCreated, out)
}
