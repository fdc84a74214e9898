package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/web/ask"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// with runs a deed on the device that the address names, and goes back to its page.
func (p *Portal) with(c echo.Context, do func(context.Context, iam.DeviceID) error) error {
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/devices/"+string(id))
}

func (p *Portal) rename(c echo.Context) error {
	err := p.with(c, func(ctx context.Context, id iam.DeviceID) error {
		return p.Devices.Rename(ctx, id, c.FormValue("name"))
	})
	if errors.Is(err, iam.ErrName) {
		return p.answerDevice(c, http.StatusUnprocessableEntity, "", &ui.FieldError{Name: "name", Text: fault.Of(err).Sentence})
	}
	return err
}

func (p *Portal) suspend(c echo.Context) error { return p.with(c, p.Devices.Suspend) }

func (p *Portal) resume(c echo.Context) error { return p.with(c, p.Devices.Resume) }

// revealReadKey shows the viewer's own key on the device's page, once.
func (p *Portal) revealReadKey(c echo.Context) error { return p.takeKey(c, p.Devices.RevealReadKey) }

// askMove says who will see the device and who no longer, before it moves.
func (p *Portal) askMove(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := p.named(c)
	if err != nil {
		return err
	}
	to, err := iam.ParseOrgID(c.QueryParam("to"))
	if err != nil {
		return err
	}
	place, err := p.Orgs.Get(ctx, to)
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, d.Org, d.Name, "devices")
	if err != nil {
		return err
	}
	if to == d.Org {
		return c.Redirect(http.StatusSeeOther, "/devices/"+string(d.ID))
	}
	q := ask.Question{Title: ui.T(ctx, "portal.device.move.title", "Name", d.Name, "Org", place.Name), Text: ui.T(ctx, "portal.device.move.text"),
		Action: "/devices/" + string(d.ID) + "/move", Hidden: ask.Hidden("to", string(to)), Yes: ui.T(ctx, "portal.device.move.yes"),
		No: ui.T(ctx, "portal.device.move.no"), NoHref: "/devices/" + string(d.ID), Rotates: true}
	if err := q.Foresee(ctx, func(ctx context.Context) error { return p.Devices.Move(ctx, d.ID, to, orgs.With{}) }); err != nil {
		return err
	}
	return show.Page(c, http.StatusOK, ask.Page(h.Page, q))
}

func (p *Portal) move(c echo.Context) error {
	to, err := iam.ParseOrgID(c.FormValue("to"))
	if err != nil {
		return err
	}
	return p.with(c, func(ctx context.Context, id iam.DeviceID) error {
		return p.Devices.Move(ctx, id, to, orgs.With{Rotate: c.FormValue("rotate") != ""})
	})
}

func (p *Portal) askOffboard(c echo.Context) error {
	d, err := p.named(c)
	if err != nil {
		return err
	}
	return p.answerOffboard(c, http.StatusOK, d, "", "")
}

func (p *Portal) answerOffboard(c echo.Context, status int, d devices.View, typed, wrong string) error {
	h, err := p.Frame.In(c, d.Org, d.Name, "devices")
	if err != nil {
		return err
	}
	var q ask.Question
	if err := q.Foresee(c.Request().Context(), func(ctx context.Context) error { return p.Devices.Retire(ctx, d.ID, d.Serial) }); err != nil {
		return err
	}
	h.Page.Path = "/devices/" + string(d.ID) + "/offboard"
	return show.Page(c, status, offboardPage(h.Page, d.Name, d.Serial, "/devices/"+string(d.ID), typed, wrong, q.Lines))
}

func (p *Portal) offboard(c echo.Context) error {
	err := p.with(c, func(ctx context.Context, id iam.DeviceID) error {
		return p.Devices.Retire(ctx, id, c.FormValue("serial"))
	})
	if !errors.Is(err, devices.ErrTyped) {
		return err
	}
	d, getErr := p.named(c)
	if getErr != nil {
		return getErr
	}
	return p.answerOffboard(c, http.StatusUnprocessableEntity, d, c.FormValue("serial"), fault.Of(err).Fields[0].What)
}

// named is the device that the address names.
func (p *Portal) named(c echo.Context) (devices.View, error) {
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return devices.View{}, err
	}
	return p.Devices.Get(c.Request().Context(), id)
}
