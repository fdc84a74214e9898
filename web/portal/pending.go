package portal

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/auth"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

func (p *Portal) pending(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.pending.title"), "home")
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.DecideStranger, h.Org.ID); err != nil {
		return err
	}
	waiting, err := p.strangers(ctx, "", "/pending")
	if err != nil {
		return err
	}
	declined, err := p.Devices.Declined(ctx, "")
	if err != nil {
		return err
	}
	refused, err := p.askers(ctx, declined, "/pending")
	if err != nil {
		return err
	}
	h.Page.Stream = h.Events("pending")
	return show.Page(c, http.StatusOK, pendingPage(h.Page, waiting, refused))
}

// strangers are those who wait at a place and below; back is where an answer leads.
func (p *Portal) strangers(ctx context.Context, org iam.OrgID, back string) ([]stranger, error) {
	list, err := p.Devices.Waiting(ctx, org)
	if err != nil {
		return nil, err
	}
	return p.askers(ctx, list, back)
}

func (p *Portal) askers(ctx context.Context, list []devices.Request, back string) ([]stranger, error) {
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return nil, err
	}
	var ids []iam.DeviceID
	for _, r := range list {
		if r.Device != nil {
			ids = append(ids, *r.Device)
		}
	}
	names, err := p.Devices.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]stranger, len(list))
	for i, r := range list {
		all[i] = stranger{ID: string(r.ID), Serial: r.Serial, Org: places[r.Org], Address: r.Address, Model: r.Model, Key: r.KeyLabel,
			Back: back, First: r.Since(), Asked: r.Asked()}
		if r.Device != nil {
			all[i].Known = names[*r.Device]
		}
	}
	return all, nil
}

// answer gives the owner's word and goes back to where it was asked for.
func (p *Portal) answer(c echo.Context, do func(context.Context, iam.JoinID) error) error {
	id, err := iam.ParseJoinID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), id); err != nil {
		return err
	}
	back := auth.Next(c.FormValue("back"))
	if back == "/" && c.FormValue("back") == "" {
		back = "/pending"
	}
	return c.Redirect(http.StatusSeeOther, back)
}

func (p *Portal) accept(c echo.Context) error { return p.answer(c, p.Devices.Accept) }

func (p *Portal) refuse(c echo.Context) error { return p.answer(c, p.Devices.Decline) }

func (p *Portal) lift(c echo.Context) error { return p.answer(c, p.Devices.Lift) }

func (p *Portal) pendingStream(c echo.Context) (stream.View, error) {
	wants := func(e live.Event) bool { return e.Kind == live.Join }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		waiting, err := p.strangers(ctx, "", "/pending")
		if err != nil {
			return err
		}
		return out.Part(ctx, "pending", pendingList(waiting))
	}}, nil
}
