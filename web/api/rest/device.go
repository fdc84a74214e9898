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

func (a *API) things(g *echo.Group) {
	g.GET("/devices", a.listDevices, paged("org", "q", "state", "key"))
	g.GET("/devices/:device", a.getDevice, known())
	g.PATCH("/devices/:device", a.renameDevice, known())
	g.POST("/devices/:device/pause", a.turns(a.Devices.Suspend), a.dry, known("dry_run"))
	g.POST("/devices/:device/resume", a.turns(a.Devices.Resume), a.dry, known("dry_run"))
	g.POST("/devices/:device/move", a.moveDevice, a.dry, how("dry_run"))
	g.POST("/devices/:device/retire", a.retireDevice, a.dry, known("dry_run"))
	g.POST("/devices/:device/channel", a.turns(a.Devices.ReplaceChannel), a.fresh, known())
	g.GET("/devices/:device/history", a.history, paged())
}

// device is a device as people may see it. Times of its registration are only
// told of one device, not in a list.
type device struct {
	ID       string    `json:"id"`
	Org      string    `json:"org"`
	Serial   string    `json:"serial"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Presence string    `json:"presence"`
	Channel  string    `json:"channel"`
	Boarded  time.Time `json:"boarded_at,omitzero"`
	Removed  time.Time `json:"removed_at,omitzero"`
	Reading  reading   `json:"reading,omitzero"`
	*details
}

// details is what a list does not tell.
type details struct {
	Door      string    `json:"door"`
	Key       string    `json:"key,omitzero"`
	Model     string    `json:"model,omitzero"`
	Firmware  string    `json:"firmware,omitzero"`
	Version   int64     `json:"version"`
	Address   string    `json:"address,omitzero"`
	Called    time.Time `json:"called_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
}

// reading is what the device last measured.
type reading struct {
	Field string    `json:"field,omitzero"`
	Value string    `json:"value"`
	Unit  string    `json:"unit,omitzero"`
	At    time.Time `json:"at"`
}

// settled leaves out what the device itself changes.
func (d device) settled() any {
	d.Reading, d.Presence = reading{}, ""
	if d.details != nil {
		more := *d.details
		more.Called, more.Address = time.Time{}, ""
		d.details = &more
	}
	return d
}

// listed is a device as a list tells it.
func listed(v devices.View) device {
	d := device{ID: string(v.ID), Org: string(v.Org), Serial: v.Serial, Name: v.Name, Kind: v.Kind, State: string(v.State), Presence: string(v.Presence),
		Channel: v.Channel, Boarded: epochless(v.Boarded), Removed: v.Removed}
	if v.Summary.LastValue != "" {
		d.Reading = reading{v.Summary.FieldName, v.Summary.LastValue, v.Summary.Unit, v.Summary.LastAt}
	}
	return d
}

func deviceOf(v devices.View) device {
	d := listed(v)
	d.details = &details{Door: string(v.Door), Key: string(v.Key), Model: v.Model, Firmware: v.Firmware, Version: v.Version, Address: v.Address,
		Called: epochless(v.Called), CreatedAt: v.Created}
	return d
}

// epochless is no time where the stored one is 0, which stands for never.
func epochless(t time.Time) time.Time {
	if t.UnixMicro() == 0 {
		return time.Time{}
	}
	return t
}

func (a *API) listDevices(c echo.Context) error {
	w, err := windowOf(c, "devices")
	if err != nil {
		return err
	}
	f, err := filterOf(c)
	if err == nil {
		err = a.sees(c, policies.SeeDevice, f.Org)
	}
	if err != nil {
		return err
	}
	if w.after != "" {
		if f.After, err = iam.ParseDeviceID(w.after); err != nil {
			return ErrCursor
		}
	}
	f.Limit = min(w.limit+1, pageMost)
	w.limit = min(w.limit, pageMost-1) // the service gives no more at once, and one more tells whether there is a next page
	list, err := a.Devices.List(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]device, len(list))
	for i, v := range list {
		items[i] = listed(v)
	}
	return sayPage(c, w, items, func(d device) string { return d.ID })
}

// sees fails where whoever asks may not do act at the place that a list is cut
// to; one that is cut to none shows what he may.
func (a *API) sees(c echo.Context, act policies.Action, org iam.OrgID) error {
	if org == "" {
		return nil
	}
	return a.Decider.Require(c.Request().Context(), act, org)
}

// states are all that a device may be in.
var states = []devices.State{devices.Announced, devices.Provisioning, devices.Active, devices.Suspended, devices.Retired, devices.Lost}

// filterOf reads what devices are asked for.
func filterOf(c echo.Context) (f devices.Filter, err error) {
	if f.Org, err = optional(c, "org", iam.ParseOrgID); err != nil {
		return f, err
	}
	if f.Key, err = optional(c, "key", iam.ParseKeyID); err != nil {
		return f, err
	}
	if f.Text, err = text(c, "q"); err != nil {
		return f, err
	}
	f.State, err = oneOf(c, "state", states...)
	return f, err
}

// deviceHere is the device that the address names, if it still is what the
// caller saw.
func (a *API) deviceHere(c echo.Context) (device, iam.DeviceID, error) {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return device{}, dev, err
	}
	v, err := a.Devices.Get(c.Request().Context(), dev)
	if err != nil {
		return device{}, dev, err
	}
	d := deviceOf(v)
	return d, dev, still(c, d)
}

func (a *API) getDevice(c echo.Context) error {
	d, _, err := a.deviceHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, d)
}

// do runs a deed on the device that the address names and answers with what it
// has become; nothing, where the caller sees it no longer.
func (a *API) do(c echo.Context, deed func(context.Context, iam.DeviceID) error) error {
	_, dev, err := a.deviceHere(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := deed(ctx, dev); err != nil {
		return err
	}
	v, err := a.Devices.Get(ctx, dev)
	if err != nil {
		return c.NoContent(http.StatusNoContent)
	}
	return thing(c, http.StatusOK, deviceOf(v))
}

func (a *API) turns(deed func(context.Context, iam.DeviceID) error) echo.HandlerFunc {
	return func(c echo.Context) error { return a.do(c, deed) }
}

func (a *API) renameDevice(c echo.Context) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.do(c, func(ctx context.Context, dev iam.DeviceID) error {
		if in.Name == nil {
			return nil
		}
		if _, err := iam.ParseName(*in.Name); err != nil {
			return iam.Wrong("name", err)
		}
		return a.Devices.Rename(ctx, dev, *in.Name)
	})
}

func (a *API) moveDevice(c echo.Context) error {
	var in struct {
		To string `json:"to"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	to, err := named("to", in.To, iam.ParseOrgID)
	if err != nil {
		return err
	}
	w, err := withOf(c)
	if err != nil {
		return err
	}
	return a.do(c, func(ctx context.Context, dev iam.DeviceID) error { return a.Devices.Move(ctx, dev, to, w) })
}

func (a *API) retireDevice(c echo.Context) error {
	var in struct {
		Serial string `json:"serial"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	return a.do(c, func(ctx context.Context, dev iam.DeviceID) error { return a.Devices.Retire(ctx, dev, in.Serial) })
}
