package rest

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/devices"
	"halfkey/iam"
)

func (a *API) byHand(g *echo.Group) {
	g.POST("/orgs/:org/devices", a.makeDevice, a.fresh, a.once, known())
	g.POST("/devices/:device/write_key", a.writeKey, a.fresh, a.once, known())
}

// handed is what a person types into a device that cannot register. The key is
// there this once; it is left out while a service outside still makes the channel.
type handed struct {
	ID        string `json:"id"`
	Channel   string `json:"channel"`
	WriteKey  string `json:"write_key,omitzero"`
	UpdateURL string `json:"update_url"`
}

func (a *API) handedOf(c echo.Context, h devices.Handed) handed {
	return handed{string(h.ID), h.Channel, h.WriteKey.Reveal(), cmp.Or(h.UpdateURL, a.ReadURL(c)+"/update")}
}

func (a *API) makeDevice(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	made, err := a.Devices.MakeManual(c.Request().Context(), devices.Sketch{Org: org, Name: in.Name, Kind: connectors.Kind(in.Kind)})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", Prefix+"/devices/"+string(made.ID))
	return say(c, http.StatusCreated, a.handedOf(c, made))
}

// writeKey gives a manual device its first write key, or after that another one.
func (a *API) writeKey(c echo.Context) error {
	var in struct {
		Overlap *int `json:"overlap"` // seconds; nil: until the new key is used
	}
	if err := read(c, &in); err != nil {
		return err
	}
	d, dev, err := a.deviceHere(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	var made devices.Handed
	if d.State == string(devices.Provisioning) {
		made, err = a.Devices.TakeWriteKey(ctx, dev)
	} else {
		var overlap *time.Duration
		if in.Overlap != nil {
			if *in.Overlap < 0 || *in.Overlap > int(overlapMost/time.Second) {
				return iam.Wrong("overlap", devices.ErrKeyUntil)
			}
			overlap = new(time.Duration(*in.Overlap) * time.Second)
		}
		made, err = a.Devices.ChangeWriteKey(ctx, dev, overlap)
	}
	if err != nil {
		return err
	}
	return say(c, http.StatusOK, a.handedOf(c, made))
}

// overlapMost keeps a number of seconds within what a duration holds; how long a
// key may go on is the service's to say.
const overlapMost = 365 * 24 * time.Hour
