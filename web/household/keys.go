package household

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (h *House) keys(c echo.Context) error { return h.answerKeys(c, "", "") }

// reveal shows the viewer's own key of one channel, on the record.
func (h *House) reveal(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	key, err := h.Devices.RevealReadKey(ctx, d.ID)
	if err != nil {
		return err
	}
	return h.answerKeys(c, d.Channel, key)
}

// revoke ends the viewer's own key of a channel; the next one that he asks for is another.
func (h *House) revoke(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	key, err := iam.ParseKeyID(c.FormValue("key"))
	if err != nil {
		return err
	}
	if err := h.Devices.RevokeReadKey(ctx, d.ID, key); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/k")
}

// answerKeys lists the viewer's keys, one of them perhaps shown.
func (h *House) answerKeys(c echo.Context, channel string, shown vault.Secret) error {
	ctx := c.Request().Context()
	here, err := h.Frame.At(c, ui.T(ctx, "household.keys.title"), "keys")
	if err != nil {
		return err
	}
	list, err := h.Devices.List(ctx, devices.Filter{Limit: 200})
	if err != nil {
		return err
	}
	slices.Reverse(list)
	list = slices.DeleteFunc(list, func(d devices.View) bool { return !h.Decider.MayDevice(ctx, policies.RevealReadKey, d.Org, d.ID) })
	keys, err := h.own(ctx, list)
	if err != nil {
		return err
	}
	for i := range keys {
		if keys[i].Channel == channel && shown != "" {
			keys[i].Shown = shown.Reveal()
			if keys[i].Service == "" {
				keys[i].Example = h.ReadURL(c) + "/channels/" + channel + "/feeds/last.json"
			}
			keys[i].Example += "?api_key=…"
		}
	}
	here.Page.Path = "/k"
	return show.Page(c, http.StatusOK, keysPage(here.Page, keys))
}

// own are the viewer's keys of the channels that he sees, made or not.
func (h *House) own(ctx context.Context, list []devices.View) ([]ownKey, error) {
	me, _ := policies.Asking(ctx)
	made, err := h.Channels.ReadKeysOf(ctx, me)
	if err != nil {
		return nil, err
	}
	var all []ownKey
	for _, d := range list {
		k := ownKey{Channel: d.Channel, Number: d.Channel, Name: d.Name}
		if d.Copy.Service != "" {
			k.Number, k.Service, k.Example = d.Copy.Number, plot.ServiceWord(ctx, d.Copy.Service), d.Copy.URL
		}
		for _, m := range made {
			if m.Channel == d.Channel && !m.Named {
				k.Made, k.Used, k.Key = true, m.Used, string(m.ID)
			}
		}
		all = append(all, k)
	}
	return all, nil
}
