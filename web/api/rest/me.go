package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam/audit"
	"halfkey/policies"
)

// self is whoever asks.
type self struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // user or service
	Name  string `json:"name"`
	Email string `json:"email,omitzero"`
	Home  string `json:"home_org,omitzero"`
	Roles []seat `json:"roles"`
}

func (a *API) me(c echo.Context) error {
	ctx := c.Request().Context()
	who, _ := policies.Asking(ctx)
	actor := audit.ActorFrom(ctx)
	s := self{ID: string(who), Kind: actor.Type, Name: actor.Name}
	if actor.Type == "user" {
		u, err := a.Users.Get(ctx, who)
		if err != nil {
			return err
		}
		s.Name, s.Email, s.Home = u.Name, string(u.Email), string(u.Home)
	}
	held, err := a.Decider.Of(ctx, who)
	if err != nil {
		return err
	}
	names, err := a.placeNames(ctx)
	if err != nil {
		return err
	}
	for _, h := range held {
		if _, seen := names[h.Org]; !seen && !policies.Whole(ctx) {
			continue // beyond what the token was cut to
		}
		s.Roles = append(s.Roles, seatOf(h, names[h.Org]))
	}
	return say(c, http.StatusOK, s)
}
