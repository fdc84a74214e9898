package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

// given is what was made by giving, sharing or lending a role.
type given struct {
	ID         string `json:"id,omitzero"`
	Waiting    bool   `json:"waiting,omitzero"` // for the other organisation's word
	Invitation string `json:"invitation,omitzero"`
	Link       string `json:"link,omitzero"` // of the invitation, told this once
}

func (a *API) giveRole(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		To     string    `json:"to"`
		Role   string    `json:"role"`
		Reach  string    `json:"reach"`
		From   time.Time `json:"from"`
		Until  time.Time `json:"until"`
		Reason string    `json:"reason"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	made, err := a.Orgs.GiveRole(c.Request().Context(), orgs.RoleRequest{Org: org, To: in.To, Role: in.Role, Reach: in.Reach, From: in.From, Until: in.Until, Reason: in.Reason})
	if err != nil {
		return err
	}
	return say(c, http.StatusCreated, given{ID: string(made)})
}

// changeRole gives a role another end; null or nothing for none.
func (a *API) changeRole(c echo.Context) error {
	role, err := id(c, "role", iam.ParseAssignmentID)
	if err != nil {
		return err
	}
	var in struct {
		Until time.Time `json:"until"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	w, err := withOf(c)
	if err != nil {
		return err
	}
	if err := a.Orgs.SetRoleEnd(c.Request().Context(), role, in.Until, w); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// lend lets somebody stand in for whoever asks.
func (a *API) lend(c echo.Context) error {
	role, err := id(c, "role", iam.ParseAssignmentID)
	if err != nil {
		return err
	}
	var in struct {
		To     string    `json:"to"`
		Role   string    `json:"role"`
		Until  time.Time `json:"until"`
		Reason string    `json:"reason"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	made, err := a.Orgs.Lend(c.Request().Context(), orgs.LendRequest{Leans: role, To: in.To, Role: in.Role, Until: in.Until, Reason: in.Reason})
	if err != nil {
		return err
	}
	return a.sayLetIn(c, made)
}

func (a *API) sayLetIn(c echo.Context, done orgs.LetIn) error {
	out := given{ID: string(done.ID), Waiting: done.Waiting, Invitation: string(done.Invitation)}
	if done.Token != "" {
		out.Link = a.BaseURL(c) + "/i/" + done.Token.Reveal()
	}
	return say(c, http.StatusCreated, out)
}

// switches is for deeds that switch a person off and on.
func (a *API) switches(deed func(context.Context, iam.UserID) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, err := id(c, "person", iam.ParseUserID)
		if err != nil {
			return err
		}
		if err := deed(c.Request().Context(), who); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}
