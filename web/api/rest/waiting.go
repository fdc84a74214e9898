package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/policies"
)

func (a *API) pending(g *echo.Group) {
	g.GET("/pending", a.listPending, paged("org", "state"))
	g.POST("/pending/:request/accept", a.decides(a.Devices.Accept), known())
	g.POST("/pending/:request/refuse", a.decides(a.Devices.Decline), known())
	g.POST("/pending/:request/lift", a.decides(a.Devices.Lift), known())
}

// request is a device that waits for somebody's word.
type request struct {
	ID      string    `json:"id"`
	Org     string    `json:"org"`
	Serial  string    `json:"serial"`
	Key     string    `json:"key"`
	Label   string    `json:"key_label"`
	Device  string    `json:"device,omitzero"` // the one that asks again
	Door    string    `json:"door"`
	Address string    `json:"address"`
	Model   string    `json:"model,omitzero"`
	State   string    `json:"state"`
	Removed bool      `json:"removed_before"`
	FirstAt time.Time `json:"first_at"`
	AskedAt time.Time `json:"asked_at"`
}

func requestOf(r devices.Request) request {
	out := request{ID: string(r.ID), Org: string(r.Org), Serial: r.Serial, Key: string(r.Key), Label: r.KeyLabel, Door: string(r.Door),
		Address: r.Address, Model: r.Model, State: r.State, Removed: r.Removed, FirstAt: r.Since(), AskedAt: r.Asked()}
	if r.Device != nil {
		out.Device = string(*r.Device)
	}
	return out
}

func (a *API) listPending(c echo.Context) error {
	org, err := optional(c, "org", iam.ParseOrgID)
	if err == nil {
		err = a.sees(c, policies.DecideStranger, org)
	}
	if err != nil {
		return err
	}
	state, err := oneOf(c, "state", "waiting", "declined")
	if err != nil {
		return err
	}
	list := a.Devices.Waiting
	if state == "declined" {
		list = a.Devices.Declined
	}
	all := func() ([]devices.Request, error) { return list(c.Request().Context(), org) }
	return listOf(c, "pending", all, requestOf, func(r request) string { return r.ID })
}

func (a *API) decides(deed func(context.Context, iam.JoinID) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		join, err := id(c, "request", iam.ParseJoinID)
		if err != nil {
			return err
		}
		if err := deed(c.Request().Context(), join); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}
