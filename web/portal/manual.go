package portal

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (p *Portal) mountManual(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/devices/new/manual": p.askManual, "/devices/:id/write-key": p.askWriteKey} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh // before a write key is shown
	g.POST("/devices/new/manual", p.makeManual, fresh)
	g.POST("/devices/:id/write-key", p.changeWriteKey, fresh)
}

// askManual asks what a device that cannot register is called and where it lies.
func (p *Portal) askManual(c echo.Context) error {
	return p.answerManual(c, http.StatusOK, manualPage{})
}

func (p *Portal) answerManual(c echo.Context, status int, v manualPage) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "view.manual.title"), "devices")
	if err != nil {
		return err
	}
	if v.Places, err = p.Frame.PlacesFor(ctx, policies.RevealRegistrationKey); err != nil {
		return err
	}
	if len(v.Places) == 0 {
		return policies.ErrRefused
	}
	v.Back, v.Kinds = ui.Crumb{Name: ui.T(ctx, "portal.new.title"), Href: h.Link("/devices/new")}, kindOptions(ctx)[1:]
	v.Place = cmp.Or(v.Place, string(h.Org.ID))
	h.Page.RegKey = nil
	return show.Page(c, status, manualView(h.Page, v))
}

func (p *Portal) makeManual(c echo.Context) error {
	ctx := c.Request().Context()
	place, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	name, kind := strings.TrimSpace(c.FormValue("name")), c.FormValue("kind")
	made, err := p.Devices.MakeManual(ctx, devices.Sketch{Org: place, Name: name, Kind: connectors.Kind(kind)})
	if f := fault.Of(err); f != nil && f.Code == iam.ErrName.Code {
		return p.answerManual(c, http.StatusUnprocessableEntity, manualPage{Name: name, Place: string(place), Kind: kind, Wrong: f.Sentence})
	}
	if err != nil {
		return err
	}
	return p.answerWriteKey(c, made)
}

// answerWriteKey shows a write key this once, with what to paste.
func (p *Portal) answerWriteKey(c echo.Context, made devices.Handed) error {
	ctx := c.Request().Context()
	d, err := p.Devices.Get(ctx, made.ID)
	if err != nil {
		return err
	}
	h, err := p.Frame.Near(c, d.Org, d.Name, "devices")
	if err != nil {
		return err
	}
	h.Page.Path, h.Page.RegKey = "/devices/"+string(d.ID), nil
	return show.Page(c, http.StatusOK, writeKeyPage(h.Page, p.pasted(c, d, made)))
}

// pasted are the finished lines, with the address under which the reader reaches us.
func (p *Portal) pasted(c echo.Context, d devices.View, made devices.Handed) writtenKey {
	v := writtenKey{Back: ui.Crumb{Name: d.Name, Href: "/devices/" + string(d.ID)}, Name: d.Name, Channel: made.Channel, Key: made.WriteKey.Reveal()}
	if v.Key == "" {
		return v
	}
	v.URL = cmp.Or(made.UpdateURL, p.ReadURL(c)+"/update")
	v.Curl = `curl -d "api_key=` + v.Key + `" -d "field1=21.4" ` + v.URL
	v.Sketch = strings.NewReplacer("URL", v.URL, "KEY", v.Key).Replace(sketch)
	return v
}

// sketch writes a value every fifteen seconds from an ESP32; the ESP8266 has the
// same calls under other names of the first two lines.
const sketch = `#include <WiFi.h>
#include <HTTPClient.h>

void setup() {
  WiFi.begin("your Wi-Fi", "its password");
  while (WiFi.status() != WL_CONNECTED) delay(500);
}

void loop() {
  float value = analogRead(34);  // what you measure
  HTTPClient http;
  http.begin("URL");
  http.addHeader("Content-Type", "application/x-www-form-urlencoded");
  http.POST("api_key=KEY&field1=" + String(value, 2));
  http.end();
  delay(15000);
}`

// overlaps are how long an old write key may go on; the first is proposed.
var overlaps = map[string]*time.Duration{"used": nil, "now": new(time.Duration), "1h": span(time.Hour), "24h": span(24 * time.Hour), "7d": span(7 * 24 * time.Hour)}

func span(d time.Duration) *time.Duration { return &d }

// askWriteKey asks until when the old key works.
func (p *Portal) askWriteKey(c echo.Context) error {
	ctx := c.Request().Context()
	h, d, err := p.manualHere(c)
	if err != nil {
		return err
	}
	back := "/devices/" + string(d.ID)
	return show.Page(c, http.StatusOK, changeKeyPage(h.Page, changeKey{Back: ui.Crumb{Name: d.Name, Href: back}, Action: back + "/write-key", Name: d.Name,
		First: d.State == devices.Provisioning, Choices: []ui.Choice{
			{Value: "used", Label: ui.T(ctx, "view.key.used"), Text: ui.T(ctx, "view.key.used.text")},
			{Value: "1h", Label: ui.T(ctx, "view.key.1h")}, {Value: "24h", Label: ui.T(ctx, "view.key.24h")}, {Value: "7d", Label: ui.T(ctx, "view.key.7d")},
			{Value: "now", Label: ui.T(ctx, "view.key.now"), Text: ui.T(ctx, "view.key.now.text")},
		}}))
}

func (p *Portal) manualHere(c echo.Context) (h frame.Here, d devices.View, err error) {
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return h, d, err
	}
	if d, err = p.Devices.Get(c.Request().Context(), id); err != nil {
		return h, d, err
	}
	if d.Door != devices.Manual || !p.Decider.MayDevice(c.Request().Context(), policies.ManageDevice, d.Org, d.ID) {
		return h, d, devices.ErrUnknown
	}
	h, err = p.Frame.Near(c, d.Org, ui.T(c.Request().Context(), "view.key.change"), "devices")
	h.Page.RegKey = nil
	return h, d, err
}

// changeWriteKey shows another key; while the first was not shown yet, that one.
func (p *Portal) changeWriteKey(c echo.Context) error {
	_, d, err := p.manualHere(c)
	if err != nil {
		return err
	}
	var made devices.Handed
	if d.State == devices.Provisioning {
		made, err = p.Devices.TakeWriteKey(c.Request().Context(), d.ID)
	} else {
		overlap, ok := overlaps[c.FormValue("until")]
		if !ok {
			return devices.ErrKeyUntil
		}
		made, err = p.Devices.ChangeWriteKey(c.Request().Context(), d.ID, overlap)
	}
	if err != nil {
		return err
	}
	return p.answerWriteKey(c, made)
}

// manualKey tells what is known of a manual device's keys: which work and until when.
func (p *Portal) manualKey(ctx context.Context, d devices.View) ([]ui.Tick, error) {
	keys, err := p.Channels.WriteKeys(ctx, d.Channel)
	if err != nil {
		return nil, err
	}
	var t []ui.Tick
	for i, k := range keys {
		made := ui.T(ctx, "view.key.made")
		switch {
		case i == 0 && k.Used.IsZero():
			t = append(t, ui.Tick{Text: made, When: ui.Moment(ctx, k.Created), State: "done"}, ui.Tick{Text: ui.T(ctx, "view.key.unused"), State: "wait"})
		case i == 0:
			t = append(t, ui.Tick{Text: made, When: ui.Moment(ctx, k.Created), State: "done"}, ui.Tick{Text: ui.T(ctx, "view.key.written"), When: ui.Moment(ctx, k.Used), State: "done"})
		case k.UntilUsed:
			t = append(t, ui.Tick{Text: ui.T(ctx, "view.key.old.used"), State: "wait"})
		case !k.Ends.IsZero():
			t = append(t, ui.Tick{Text: ui.T(ctx, "view.key.old.until"), When: ui.Moment(ctx, k.Ends), State: "wait"})
		}
	}
	switch {
	case d.State == devices.Retired:
		t = append(t, ui.Tick{Text: ui.T(ctx, "portal.keys.ended"), When: ui.Moment(ctx, d.Removed), State: "wrong"})
	case d.State == devices.Suspended:
		t = append(t, ui.Tick{Text: ui.T(ctx, "view.key.held"), State: "wrong"})
	case d.State == devices.Provisioning:
		t = append(t, ui.Tick{Text: ui.T(ctx, "view.key.unshown"), State: "wait"})
	}
	return t, nil
}
