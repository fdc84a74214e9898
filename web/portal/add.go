package portal

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// askPlace begins with the place; with a key in the address it goes on
// listening, without showing the key again.
func (p *Portal) askPlace(c echo.Context) error {
	if c.QueryParam("key") != "" {
		return p.listen(c)
	}
	return p.answerPlace(c, http.StatusOK, "")
}

func (p *Portal) answerPlace(c echo.Context, status int, wrong string) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.new.title"), "devices")
	if err != nil {
		return err
	}
	v := p.addView(ctx, h)
	v.Chosen, v.Wrong = string(h.Org.ID), wrong
	if v.Places, err = p.Frame.PlacesFor(ctx, policies.RevealRegistrationKey); err != nil {
		return err
	}
	if len(v.Places) == 0 {
		return policies.ErrRefused
	}
	h.Page.RegKey = nil
	return show.Page(c, status, addPage(h.Page, v))
}

func (p *Portal) addView(ctx context.Context, h frame.Here) addDevice {
	return addDevice{Back: ui.Crumb{Name: ui.T(ctx, "portal.devices"), Href: h.Link("/devices")}}
}

// keyView is the page once the key is chosen.
func (p *Portal) keyView(ctx context.Context, h frame.Here, k orgs.Key) addDevice {
	v := p.addView(ctx, h)
	v.At, v.Place, v.Chosen, v.Key, v.Label = 1, h.Org.Name, string(k.Org), string(k.ID), k.Label
	if k.Boarding != orgs.BoardAuto {
		v.Boards = ui.T(ctx, "portal.new.boards", "Who", boardingWord(ctx, k.Boarding))
	}
	return v
}

// wanted is the key that is asked for.
func (p *Portal) wanted(ctx context.Context, key, org string) (orgs.Key, error) {
	if key == "" {
		place, err := iam.ParseOrgID(org)
		if err != nil {
			return orgs.Key{}, err
		}
		return p.Orgs.EnsureKey(ctx, place)
	}
	id, err := iam.ParseKeyID(key)
	if err != nil {
		return orgs.Key{}, err
	}
	k, err := p.Orgs.Key(ctx, id)
	if err == nil && k.Dead(p.Now()) {
		return orgs.Key{}, orgs.ErrKeyEnded
	}
	return k, err
}

// showKey shows a registration key: the one thing that happens before the
// device calls. The form names the key, or a place, which gets one if it has none.
func (p *Portal) showKey(c echo.Context) error {
	ctx := c.Request().Context()
	since := p.Now()
	k, err := p.wanted(ctx, c.FormValue("key"), c.FormValue("org"))
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, k.Org, ui.T(ctx, "portal.new.title"), "devices")
	if err != nil {
		return err
	}
	first, second, err := p.Orgs.RevealKey(ctx, k.ID)
	if err != nil {
		return err
	}
	v := p.keyView(ctx, h, k)
	whole := wire.RegKey{Form: wire.Form(k.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}
	v.Whole, v.Classic = whole.Typed(), k.Form == orgs.Classic
	v.First, v.Second, _ = strings.Cut(v.Whole, "-")
	v.Enrol, v.Simulated = p.BaseURL(c)+"/enrol", p.simulated(c)+v.Whole+" && "+simulator+" run"
	if v.QR, v.QRSize, err = code(v.Enrol + "#" + v.Whole); err != nil {
		return err
	}
	h.Page.Path, h.Page.RegKey = "/devices/new", nil
	return p.answerAdd(c, h, v, k, since)
}

// code draws what a phone scans. The key stands after the #, where no server sees it.
func code(address string) (path string, size int, err error) {
	picture, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return "", 0, err
	}
	path, size = ui.QRPath(picture)
	return path, size, nil
}

// listen is the page after the key was shown: for who comes back to it, or has
// no script.
func (p *Portal) listen(c echo.Context) error {
	ctx := c.Request().Context()
	id, since, err := parseListening(c.QueryParam("key"), c.QueryParam("since"), p.Now())
	if err != nil {
		return err
	}
	k, err := p.Orgs.Key(ctx, id)
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, k.Org, ui.T(ctx, "portal.new.title"), "devices")
	if err != nil {
		return err
	}
	v := p.keyView(ctx, h, k)
	v.First = k.Hint + "…"
	h.Page.RegKey = nil
	return p.answerAdd(c, h, v, k, since)
}

func (p *Portal) answerAdd(c echo.Context, h frame.Here, v addDevice, key orgs.Key, since time.Time) error {
	var err error
	if v.Arrival, err = p.arrival(c.Request().Context(), key, since); err != nil {
		return err
	}
	v.At = v.Arrival.step()
	h.Page.Stream = h.Events("new", "key", v.Key, "since", strconv.FormatInt(iam.Micros(since), 10))
	return show.Page(c, http.StatusOK, addPage(h.Page, v))
}

// longestListening is how far back a page may ask what has arrived.
const longestListening = 24 * time.Hour

// parseListening takes the key and the time, in microseconds, that a page was
// opened with.
func parseListening(key, since string, now time.Time) (iam.KeyID, time.Time, error) {
	id, err := iam.ParseKeyID(key)
	if err != nil {
		return "", time.Time{}, err
	}
	us, err := strconv.ParseInt(since, 10, 64)
	at := iam.Time(us)
	if err != nil || at.Before(now.Add(-longestListening)) || at.After(now) {
		at = now.Add(-time.Hour)
	}
	return id, at, nil
}
