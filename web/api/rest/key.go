package rest

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/bulk"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/orgs"
)

func (a *API) keys(g *echo.Group) {
	g.GET("/orgs/:org/keys", a.listKeys, paged())
	g.POST("/orgs/:org/keys", a.issueKey, a.fresh, a.once, known())
	g.GET("/keys/:key", a.getKey, known())
	g.PATCH("/keys/:key", a.retireKey, known())
	g.POST("/keys/:key/reveal", a.revealKey, a.fresh, known())
	g.POST("/keys/:key/replace", a.replaceKey, a.fresh, a.once, known())
	g.POST("/keys/:key/revoke", a.revokeKey, a.fresh, known())
	g.GET("/keys/:key/serials", a.serials, paged())
	g.POST("/keys/:key/serials", a.listSerials, a.once, known("good_rows"))
}

// regKey is a registration key without its halves.
type regKey struct {
	ID         string    `json:"id"`
	Org        string    `json:"org"`
	Label      string    `json:"label"`
	Hint       string    `json:"hint"` // how the first half begins
	Form       string    `json:"form"`
	DeviceKind string    `json:"device_kind"`
	Boarding   string    `json:"boarding"`
	Reboarding string    `json:"reboarding"`
	SimpleDoor bool      `json:"simple_door"`
	NotBefore  time.Time `json:"not_before,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	MaxUses    int64     `json:"max_uses,omitzero"`
	Uses       int64     `json:"uses"`
	State      string    `json:"state"`
	TakesNew   bool      `json:"takes_new"`
	RetiresAt  time.Time `json:"retires_at,omitzero"`
	Replaces   string    `json:"replaces,omitzero"`
	CreatedBy  string    `json:"created_by"`
	CreatedAt  time.Time `json:"created_at"`
}

// settled leaves out what devices and the clock change.
func (k regKey) settled() any {
	k.Uses, k.TakesNew = 0, false
	return k
}

func (a *API) regKeyOf(k orgs.Key) regKey {
	now := a.Now()
	out := regKey{ID: string(k.ID), Org: string(k.Org), Label: k.Label, Hint: k.Hint, Form: string(k.Form), DeviceKind: k.DeviceKind,
		Boarding: string(k.Boarding), Reboarding: string(k.Reboarding), SimpleDoor: k.SimpleDoor, NotBefore: k.NotBefore, ExpiresAt: k.ExpiresAt,
		MaxUses: k.MaxUses, Uses: k.Uses, State: string(k.State), TakesNew: k.TakesNew(now), RetiresAt: k.RetiresAt, Replaces: string(k.Replaces),
		CreatedBy: string(k.CreatedBy), CreatedAt: k.CreatedAt}
	if k.Dead(now) {
		out.State = string(orgs.KeyRevoked)
	}
	return out
}

func (a *API) listKeys(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	all := func() ([]orgs.Key, error) { return a.Orgs.Keys(c.Request().Context(), org) }
	return listOf(c, "keys", all, a.regKeyOf, func(k regKey) string { return k.ID })
}

func (a *API) issueKey(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		Label      string    `json:"label"`
		Form       string    `json:"form"`
		DeviceKind string    `json:"device_kind"`
		Boarding   string    `json:"boarding"`
		Reboarding string    `json:"reboarding"`
		SimpleDoor bool      `json:"simple_door"`
		NotBefore  time.Time `json:"not_before"`
		ExpiresAt  time.Time `json:"expires_at"`
		MaxUses    int64     `json:"max_uses"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	k, err := a.Orgs.IssueKey(c.Request().Context(), orgs.KeyRequest{Org: org, Label: in.Label, Form: orgs.Form(in.Form), DeviceKind: in.DeviceKind,
		Boarding: orgs.Boarding(in.Boarding), Reboarding: orgs.Reboarding(in.Reboarding), SimpleDoor: in.SimpleDoor,
		NotBefore: in.NotBefore, ExpiresAt: in.ExpiresAt, MaxUses: in.MaxUses})
	if err != nil {
		return err
	}
	return created(c, "/keys/"+string(k.ID), a.regKeyOf(k))
}

// keyHere is the key that the address names, if it still is what the caller saw.
func (a *API) keyHere(c echo.Context) (regKey, iam.KeyID, error) {
	key, err := id(c, "key", iam.ParseKeyID)
	if err != nil {
		return regKey{}, key, err
	}
	k, err := a.Orgs.Key(c.Request().Context(), key)
	if err != nil {
		return regKey{}, key, err
	}
	out := a.regKeyOf(k)
	return out, key, still(c, out)
}

// sayKey answers with the key as it is now.
func (a *API) sayKey(c echo.Context, key iam.KeyID) error {
	k, err := a.Orgs.Key(c.Request().Context(), key)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, a.regKeyOf(k))
}

func (a *API) getKey(c echo.Context) error {
	k, _, err := a.keyHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, k)
}

// retireKey sets until when a key that was replaced still works.
func (a *API) retireKey(c echo.Context) error {
	var in struct {
		RetiresAt time.Time `json:"retires_at"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	_, key, err := a.keyHere(c)
	if err != nil {
		return err
	}
	if !in.RetiresAt.After(a.Now()) {
		return iam.Wrong("retires_at", orgs.ErrKeyTimes)
	}
	if err := a.Orgs.RetireKeyAt(c.Request().Context(), key, in.RetiresAt); err != nil {
		return err
	}
	return a.sayKey(c, key)
}

// halves is a registration key as it is typed into a device.
type halves struct {
	First string `json:"first"` // what the device sends
	Whole string `json:"whole"` // what is typed: both halves and the check character
}

func (a *API) revealKey(c echo.Context) error {
	k, key, err := a.keyHere(c)
	if err != nil {
		return err
	}
	first, second, err := a.Orgs.RevealKey(c.Request().Context(), key)
	if err != nil {
		return err
	}
	whole := wire.RegKey{Form: wire.Form(k.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}
	return say(c, http.StatusOK, halves{First: first.Reveal(), Whole: whole.Typed()})
}

func (a *API) replaceKey(c echo.Context) error {
	_, key, err := a.keyHere(c)
	if err != nil {
		return err
	}
	k, err := a.Orgs.ReplaceKey(c.Request().Context(), key)
	if err != nil {
		return err
	}
	return created(c, "/keys/"+string(k.ID), a.regKeyOf(k))
}

func (a *API) revokeKey(c echo.Context) error {
	_, key, err := a.keyHere(c)
	if err != nil {
		return err
	}
	if err := a.Orgs.RevokeKey(c.Request().Context(), key); err != nil {
		return err
	}
	return a.sayKey(c, key)
}

// serial is one that a key takes.
type serial struct {
	Serial string `json:"serial"`
}

func (a *API) serials(c echo.Context) error {
	key, err := id(c, "key", iam.ParseKeyID)
	if err != nil {
		return err
	}
	all := func() ([]string, error) { return a.Orgs.Serials(c.Request().Context(), key) }
	return listOf(c, "serials", all, func(s string) serial { return serial{s} }, func(s serial) string { return s.Serial })
}

func (a *API) listSerials(c echo.Context) error {
	key, err := id(c, "key", iam.ParseKeyID)
	if err != nil {
		return err
	}
	if isFile(c) {
		return a.file(c, func(ctx context.Context, file io.Reader, good bool) (bulk.Run, error) {
			return a.Bulk.StartSerials(ctx, key, file, good)
		})
	}
	var in struct {
		Serials []string `json:"serials"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	if err := a.Orgs.ListSerials(c.Request().Context(), key, in.Serials); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
