package connectors

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/web/frame"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// newKeyPage is how a device gets another write key whose channel a service
// outside keeps: with the person's help, since the service has no call for it.
type newKeyPage struct {
	Action, Name    string
	Back            ui.Crumb
	Service, Number string
	Host            string // of the service
	KeysURL         string // the page there with the button; empty: nobody knows it
	Manual          bool
	Left            int // channels that the account has room for, where MayKnow
	MayKnow         bool
	Failed          string // why the last look came to nothing
	Kind            string // of its banner
}

func (p *Pages) askNewKey(c echo.Context) error { return p.answerNewKey(c, http.StatusOK, nil) }

func (p *Pages) answerNewKey(c echo.Context, status int, failed error) error {
	ctx := c.Request().Context()
	d, h, err := p.renewable(c)
	if err != nil {
		return err
	}
	seen, err := p.Desk.Projection(ctx, d.Channel)
	if err != nil {
		return err
	}
	at := "/devices/" + string(d.ID)
	v := newKeyPage{Action: at + "/new-key", Name: d.Name, Back: ui.Crumb{Name: d.Name, Href: at}, Manual: d.Door == devices.Manual}
	if seen.External != nil {
		v.Number = *seen.External
	}
	if s, err := p.Desk.Status(ctx, seen.Connector); err == nil {
		v.MayKnow, v.Left, v.Host, v.Service = true, s.Left, hostOf(s.Settings), plot.ServiceWord(ctx, s.Provider)
		if s.Settings["base_url"] == thingspeak.Hosted && v.Number != "" {
			v.KeysURL = "https://thingspeak.com/channels/" + v.Number + "/api_keys"
		}
	} else {
		v.Service = plot.ServiceWord(ctx, thingspeak.Provider)
	}
	if failed != nil {
		v.Failed, v.Kind = ui.Sentence(ctx, sentenceOf(failed)), "error"
		if errors.Is(failed, connectors.ErrKeySame) {
			v.Kind = "warn"
		}
		if errors.Is(failed, connectors.ErrTestSilent) {
			v.Failed = ui.T(ctx, "connector.silent", "Host", v.Host) // its own words speak of a form
		}
	}
	h.Page.Path = at
	return show.Page(c, status, newKeyView(h.Page, v))
}

// renewable is the device that the address names, if its channel is elsewhere and
// the viewer may manage it.
func (p *Pages) renewable(c echo.Context) (d devices.Device, h frame.Here, err error) {
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return d, h, devices.ErrUnknown
	}
	if d, err = p.Devices.Renewable(c.Request().Context(), id); err != nil {
		return d, h, err
	}
	h, err = p.Frame.Near(c, d.Org, d.Name, "devices")
	return d, h, err
}

// newKey looks for the key that was changed there, or gives the device another
// channel.
func (p *Pages) newKey(c echo.Context) error {
	ctx := c.Request().Context()
	d, _, err := p.renewable(c)
	if err != nil {
		return err
	}
	if c.FormValue("do") == "replace" {
		if err := p.Devices.ReplaceChannel(ctx, d.ID); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/devices/"+string(d.ID))
	}
	switch err := p.Desk.SeekKey(ctx, d.Channel); {
	case errors.Is(err, connectors.ErrKeySame):
		// An hourly look may have been quicker than the person.
		seen, failed := p.Desk.Projection(ctx, d.Channel)
		if failed != nil || seen.KeyChangedAt == nil || *seen.KeyChangedAt <= d.SealedAt || d.State == devices.Provisioning {
			return p.answerNewKey(c, http.StatusConflict, err)
		}
	case errors.Is(err, connectors.ErrGone), answered(err):
		return p.answerNewKey(c, http.StatusConflict, err)
	case err != nil:
		return err
	}
	if err := p.Devices.TakeNewKey(ctx, d.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/devices/"+string(d.ID)+"#keys")
}
