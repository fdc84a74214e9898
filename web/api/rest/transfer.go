package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
)

func (a *API) sales(g *echo.Group) {
	g.GET("/transfers", a.transfers, paged("direction"))
	g.POST("/devices/:device/transfers", a.offer, a.fresh, a.once, a.dry, known("dry_run", "reason"))
	g.POST("/transfers/:transfer/accept", a.takeOver, a.fresh, a.once, a.dry, known("dry_run"))
	g.POST("/transfers/:transfer/decline", a.answersOffer(a.Devices.DeclineTransfer), known())
	g.POST("/transfers/:transfer/cancel", a.answersOffer(a.Devices.CancelTransfer), known())
}

// transfer is a device on offer to another organisation.
type transfer struct {
	ID        string    `json:"id"`
	Direction string    `json:"direction"` // given or received
	Device    string    `json:"device"`
	Name      string    `json:"device_name"`
	Serial    string    `json:"serial"`
	From      string    `json:"from"`
	FromName  string    `json:"from_name"`
	To        string    `json:"to"`
	ToName    string    `json:"to_name"`
	By        string    `json:"by"`
	ByName    string    `json:"by_name"`
	Reason    string    `json:"reason,omitzero"`
	OfferedAt time.Time `json:"offered_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) transfers(c echo.Context) error {
	direction, err := oneOf(c, "direction", "given", "received")
	if err != nil {
		return err
	}
	if direction == "" {
		direction = "given"
	}
	all := func() ([]devices.Transfer, error) {
		in, out, err := a.Devices.Transfers(c.Request().Context())
		if direction == "received" {
			return in, err
		}
		return out, err
	}
	as := func(t devices.Transfer) transfer {
		return transfer{string(t.ID), direction, string(t.Device), t.Name, t.Serial, string(t.Tenant), t.TenantName, string(t.To), t.ToName,
			string(t.By), t.ByName, t.Reason, t.OfferedAt, t.ExpiresAt}
	}
	return listOf(c, "transfers "+direction, all, as, func(t transfer) string { return t.ID })
}

func (a *API) offer(c echo.Context) error {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	var in struct {
		To string `json:"to"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	w, err := withOf(c)
	if err != nil {
		return err
	}
	made, err := a.Devices.OfferTransfer(c.Request().Context(), dev, in.To, w)
	if err != nil {
		return err
	}
	return say(c, http.StatusCreated, newID{string(made)})
}

// newID names what was made.
type newID struct {
	ID string `json:"id"`
}

// takeOver answers with the device that was taken over, as it is called now.
func (a *API) takeOver(c echo.Context) error {
	t, err := id(c, "transfer", iam.ParseTransferID)
	if err != nil {
		return err
	}
	var in struct {
		Into string `json:"into"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	into, err := named("into", in.Into, iam.ParseOrgID)
	if err != nil {
		return err
	}
	dev, err := a.Devices.AcceptTransfer(c.Request().Context(), t, into)
	if err != nil {
		return err
	}
	return created(c, "/devices/"+string(dev), newID{string(dev)})
}

// answersOffer is for what ends an offer without a sale.
func (a *API) answersOffer(deed func(context.Context, iam.TransferID) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		t, err := id(c, "transfer", iam.ParseTransferID)
		if err != nil {
			return err
		}
		if err := deed(c.Request().Context(), t); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}
