package portal

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
)

func (p *Portal) mountReadKeys(g *echo.Group) {
	g.POST("/devices/:id/read-keys", p.addReadKey, p.Frame.Door.Fresh)
	g.POST("/devices/:id/read-keys/:key/revoke", p.revokeReadKey)
}

// addReadKey shows one more read key of the viewer's, this once.
func (p *Portal) addReadKey(c echo.Context) error {
	return p.takeKey(c, func(ctx context.Context, id iam.DeviceID) (vault.Secret, error) {
		_, key, err := p.Devices.AddReadKey(ctx, id, c.FormValue("label"))
		return key, err
	})
}

// takeKey takes out a key and shows it on the device's page. Whoever does not
// have that page is led to the channel, and no key is taken out that nobody sees.
func (p *Portal) takeKey(c echo.Context, take func(context.Context, iam.DeviceID) (vault.Secret, error)) error {
	ctx := c.Request().Context()
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return err
	}
	d, err := p.Devices.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := p.Decider.RequireDevice(ctx, policies.RevealReadKey, d.Org, id); err != nil {
		return err
	}
	if !p.keeps(ctx, d) {
		return c.Redirect(http.StatusSeeOther, "/c/"+d.Channel)
	}
	key, err := take(ctx, id)
	if err != nil {
		return err
	}
	return p.answerDevice(c, http.StatusOK, key, nil)
}

func (p *Portal) revokeReadKey(c echo.Context) error {
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return err
	}
	key, err := iam.ParseKeyID(c.Param("key"))
	if err != nil {
		return err
	}
	if err := p.Devices.RevokeReadKey(c.Request().Context(), id, key); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/devices/"+string(id)+"#keys")
}

// embeds are the links that show the device's chart elsewhere, with who made them.
func (p *Portal) embeds(ctx context.Context, d devices.View) (all []embedLine, err error) {
	if !d.Values || d.State == devices.Retired {
		return nil, nil
	}
	list, err := p.Devices.Embeds(ctx, d.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var makers []iam.UserID
	for _, e := range list {
		makers = append(makers, e.By)
	}
	names, err := p.Users.Names(ctx, makers)
	for _, e := range list {
		all = append(all, embedLine{ID: e.ID, Label: e.Label, By: names[e.By].Name, Used: e.Used})
	}
	return all, err
}
