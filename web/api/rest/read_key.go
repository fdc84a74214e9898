package rest

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
)

func (a *API) readers(g *echo.Group) {
	g.POST("/devices/:device/read_key", a.readKey, a.fresh, known())
	g.GET("/devices/:device/read_keys", a.readKeys, paged())
	g.POST("/devices/:device/read_keys", a.addReadKey, a.fresh, a.once, known())
	g.DELETE("/devices/:device/read_keys/:key", doesIn("device", iam.ParseDeviceID, "key", iam.ParseKeyID, a.Devices.RevokeReadKey), known())
}

// readKey is a key that opens a channel for a person. Key and URL are there only
// when it is shown.
type readKey struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"`
	Person    string    `json:"person,omitzero"`
	Named     bool      `json:"named"` // one beside the person's own, after what reads with it
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	Key       string    `json:"read_key,omitzero"`
	URL       string    `json:"read_url,omitzero"`
}

func readKeyOf(k channels.ReadKey) readKey {
	return readKey{ID: string(k.ID), Label: k.Label, Person: string(k.User), Named: k.Named, CreatedAt: k.Created, UsedAt: k.Used}
}

// keysOf are the read keys of a device's channel that who asks may know of: all
// for who may know the people, else his own.
func (a *API) keysOf(c echo.Context, d devices.View) ([]channels.ReadKey, error) {
	ctx := c.Request().Context()
	list, err := a.Channels.ReadKeys(ctx, d.Channel)
	if err != nil || a.Decider.May(ctx, policies.ReadPeople, d.Org) {
		return list, err
	}
	me, _ := policies.Asking(ctx)
	return slices.DeleteFunc(list, func(k channels.ReadKey) bool { return k.User != me || me == "" }), nil
}

func (a *API) readKeys(c echo.Context) error {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	d, err := a.Devices.Get(c.Request().Context(), dev)
	if err != nil {
		return err
	}
	all := func() ([]channels.ReadKey, error) { return a.keysOf(c, d) }
	return listOf(c, "read_keys", all, readKeyOf, func(k readKey) string { return k.ID })
}

// addReadKey makes one more key of the caller's, and shows it this once.
func (a *API) addReadKey(c echo.Context) error {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	var in struct {
		Label string `json:"label"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	made, key, err := a.Devices.AddReadKey(c.Request().Context(), dev, in.Label)
	if err != nil {
		return err
	}
	out := readKeyOf(made)
	out.Key, out.URL = key.Reveal(), a.feedURL(c, made.Channel)
	return say(c, http.StatusCreated, out)
}

// ownReadKey opens a channel for whoever asked.
type ownReadKey struct {
	Channel string `json:"channel"`
	ReadKey string `json:"read_key"`
	ReadURL string `json:"read_url"`
}

// readKey shows the caller's own key, which is made with the first look at it.
func (a *API) readKey(c echo.Context) error {
	d, dev, err := a.deviceHere(c)
	if err != nil {
		return err
	}
	var key vault.Secret
	if key, err = a.Devices.RevealReadKey(c.Request().Context(), dev); err != nil {
		return err
	}
	return say(c, http.StatusOK, ownReadKey{d.Channel, key.Reveal(), a.feedURL(c, d.Channel)})
}

// feedURL is where a program reads a channel with a key.
func (a *API) feedURL(c echo.Context, channel string) string {
	return a.ReadURL(c) + "/channels/" + channel + "/feeds.json"
}
