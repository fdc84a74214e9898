package portal

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"halfkey/connectors/thingspeak"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

func (p *Portal) device(c echo.Context) error {
	return p.answerDevice(c, http.StatusOK, "", nil)
}

// answerDevice draws a device's page: with the viewer's read key, just asked
// for, or with what was wrong with a name.
func (p *Portal) answerDevice(c echo.Context, status int, key vault.Secret, wrong *ui.FieldError) error {
	id, err := iam.ParseDeviceID(c.Param("id"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := p.Devices.Get(ctx, id)
	if err != nil {
		return err
	}
	h, err := p.Frame.Near(c, d.Org, d.Name, "devices")
	if err != nil {
		return err
	}
	if !p.keeps(ctx, d) {
		return c.Redirect(http.StatusSeeOther, "/c/"+d.Channel)
	}
	v, err := p.deviceView(ctx, h, d, c.QueryParam("range"))
	if err != nil {
		return err
	}
	v.Shown = key.Reveal()
	if wrong != nil {
		v.Wrong, v.NewName = *wrong, c.FormValue("name")
	}
	h.Page.Path = "/devices/" + string(id)
	h.Page.Stream = h.Events("device", "id", string(id), "waiting", waitingWord(v.Waiting))
	return show.Page(c, status, deviceView(h.Page, v))
}

// keeps tells whether the page of a device is for the viewer; others see its channel.
func (p *Portal) keeps(ctx context.Context, d devices.View) bool {
	return p.Decider.May(ctx, policies.ReadAudit, d.Org) || p.Decider.MayDevice(ctx, policies.ManageDevice, d.Org, d.ID)
}

func waitingWord(waiting bool) string {
	if waiting {
		return "yes"
	}
	return ""
}

func (p *Portal) deviceView(ctx context.Context, h frame.Here, d devices.View, wanted string) (v devicePage, err error) {
	v = devicePage{ID: string(d.ID), Name: d.Name, Serial: d.Serial, State: string(d.Presence), Since: plot.Heard(d.Summary),
		Back: ui.Crumb{Name: ui.T(ctx, "portal.devices"), Href: "/devices"}, NewName: d.Name, Place: string(d.Org), Channel: d.Channel,
		Hidden: !d.Values, Waiting: d.Summary.LastValue == "", Manual: d.Door == devices.Manual, Unshown: d.State == devices.Provisioning, Paused: d.State == devices.Suspended, Gone: d.State == devices.Retired,
		CanManage: p.Decider.MayDevice(ctx, policies.ManageDevice, d.Org, d.ID), CanMove: p.Decider.May(ctx, policies.MoveDevice, d.Org),
		CanRetire: p.Decider.May(ctx, policies.RetireDevice, d.Org), CanShow: p.Decider.MayDevice(ctx, policies.RevealReadKey, d.Org, d.ID),
		CanShare: p.Decider.MayDevice(ctx, policies.Share, d.Org, d.ID), CanHandOver: d.Door != devices.Agent && d.Door != devices.Manual && p.Decider.MayDevice(ctx, policies.TransferDevice, d.Org, d.ID)}
	if d.Values {
		v.Copy = d.Copy
	}
	v.Reading = pinned{Title: d.Summary.FieldName, Channel: d.Channel, Value: plot.Value(d.Summary), Unit: d.Summary.Unit}
	if !v.Waiting && !v.Hidden {
		link := func(r plot.Range) string { return "/devices/" + v.ID + "?range=" + r.ID }
		if v.Reading.Chart, err = p.Chart(ctx, d, wanted, link); err != nil {
			return v, err
		}
	}
	if v.Facts, err = p.facts(ctx, d); err != nil {
		return v, err
	}
	if v.WriteKey, err = p.writeKey(ctx, d); err != nil {
		return v, err
	}
	if v.ReadKeys, err = p.readKeys(ctx, d); err != nil {
		return v, err
	}
	if v.Embeds, err = p.embeds(ctx, d); err != nil {
		return v, err
	}
	if v.Silent, err = p.silent(ctx, d); err != nil {
		return v, err
	}
	if v.CanMove {
		if v.Places, err = p.Frame.PlacesFor(ctx, policies.MoveDevice); err != nil {
			return v, err
		}
	}
	v.History, err = p.History(ctx, d)
	return v, err
}

// facts is who the device is.
func (p *Portal) facts(ctx context.Context, d devices.View) ([]fact, error) {
	path, err := p.Orgs.Path(ctx, d.Org)
	if err != nil && !fault.MayNot(err) { // what is shared alone does not say where it lies
		return nil, err
	}
	var place []string
	for _, c := range path {
		place = append(place, c.Name)
	}
	all := []fact{{ui.T(ctx, "portal.device.serial"), mono(d.Serial)}}
	if len(place) > 0 {
		all = append(all, fact{ui.T(ctx, "portal.device.belongs"), text(strings.Join(place, " / "))})
	}
	all = append(all, []fact{
		{ui.T(ctx, "portal.device.channel"), kept(ctx, d)},
		{ui.T(ctx, "portal.device.joined"), ui.At(d.Boarded)},
		{ui.T(ctx, "portal.device.door"), text(doorWord(ctx, d.Door))},
	}...)
	for _, o := range []struct{ name, value string }{{ui.T(ctx, "portal.device.model"), d.Model}, {ui.T(ctx, "portal.device.firmware"), d.Firmware}} {
		if o.value != "" {
			all = append(all, fact{o.name, text(o.value)})
		}
	}
	if d.Summary.Interval > 0 {
		all = append(all, fact{ui.T(ctx, "portal.device.calls"), text(ui.T(ctx, "portal.device.every", "Every", show.Every(d.Summary.Interval)))})
	}
	if !p.Decider.May(ctx, policies.ReadPeople, d.Org) {
		return all, nil
	}
	seen, err := p.Decider.WhoMay(ctx, p.DB.WithContext(ctx), policies.ReadDevice, d.Org, d.ID)
	if err != nil {
		return nil, err
	}
	var people []ui.Crumb
	for _, s := range seen {
		people = append(people, ui.Crumb{Name: s.Name, Href: "/why?" + url.Values{"who": {string(s.User)}, "device": {string(d.ID)}}.Encode()})
	}
	return append(all, fact{ui.T(ctx, "portal.device.seen"), askable(people)}), nil
}

// kept is what the channel is called where it is kept.
func kept(ctx context.Context, d devices.View) templ.Component {
	if d.Copy.Number == "" {
		return mono(d.Channel)
	}
	return text(ui.T(ctx, "copy.kept", "ID", d.Copy.Number, "Service", plot.ServiceWord(ctx, d.Copy.Service)))
}

func text(s string) templ.Component { return templ.Raw(templ.EscapeString(s)) }

func mono(s string) templ.Component {
	return templ.Raw(`<span class="mono">` + templ.EscapeString(s) + `</span>`)
}

func doorWord(ctx context.Context, d devices.Door) string {
	switch d {
	case devices.Manual:
		return ui.T(ctx, "view.door.manual")
	case devices.Simple:
		return ui.T(ctx, "portal.device.door.simple")
	}
	return ui.T(ctx, "portal.device.door.proved")
}

// writeKey tells the way of the device's key, which nobody reads.
func (p *Portal) writeKey(ctx context.Context, d devices.View) ([]ui.Tick, error) {
	if d.Door == devices.Manual {
		return p.manualKey(ctx, d)
	}
	at := func(t []ui.Tick, text, when string) []ui.Tick {
		return append(t, ui.Tick{Text: text, When: when, State: "done"})
	}
	var t []ui.Tick
	t = at(t, ui.T(ctx, "portal.keys.made", "N", int(d.Version)), ui.Moment(ctx, d.Boarded))
	t = at(t, ui.T(ctx, "portal.keys.sealed"), ui.Clock(ctx, d.Sealed))
	switch {
	case d.State == devices.Retired:
		t = append(t, ui.Tick{Text: ui.T(ctx, "portal.keys.ended"), When: ui.Moment(ctx, d.Removed), State: "wrong"})
	case d.Summary.LastValue == "":
		t = append(t, ui.Tick{Text: ui.T(ctx, "portal.keys.unwritten"), State: "wait"})
	default:
		t = at(t, ui.T(ctx, "portal.keys.written"), "")
	}
	return t, nil
}

// readKeys are people's, for whoever may know the people.
func (p *Portal) readKeys(ctx context.Context, d devices.View) ([]readKey, error) {
	if !p.Decider.May(ctx, policies.ReadPeople, d.Org) {
		return nil, nil
	}
	list, err := p.Channels.ReadKeys(ctx, d.Channel)
	if err != nil {
		return nil, err
	}
	var all []readKey
	for _, k := range list {
		all = append(all, readKey{ID: string(k.ID), Label: k.Label, Used: k.Used})
	}
	return all, nil
}

func (p *Portal) deviceStream(c echo.Context) (stream.View, error) {
	id, err := iam.ParseDeviceID(c.QueryParam("id"))
	if err != nil {
		return stream.View{}, err
	}
	d, err := p.Devices.Get(c.Request().Context(), id)
	if err != nil {
		return stream.View{}, err
	}
	waiting := c.QueryParam("waiting") != ""
	fresh := p.Fresh(c.Request().Context(), d.Channel)
	wants := func(e live.Event) bool { return e.ID == string(id) || e.ID == d.Channel }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		d, err := p.Devices.Get(ctx, id)
		if err != nil {
			return err
		}
		if !p.keeps(ctx, d) {
			return policies.ErrRefused
		}
		if waiting && d.Summary.LastValue != "" {
			return out.Go("/devices/" + string(id))
		}
		history, err := p.History(ctx, d)
		if err != nil {
			return err
		}
		ticks, err := p.writeKey(ctx, d)
		if err != nil {
			return err
		}
		if d.Values {
			if err := out.Part(ctx, "copy", plot.CopyNote(d.Copy)); err != nil {
				return err
			}
		}
		return cmp.Or(
			out.Part(ctx, "device-state", deviceState(string(d.Presence), plot.Heard(d.Summary))),
			out.Part(ctx, "write-key", ui.Ticks("write-key", ticks)),
			out.Part(ctx, "news", NewsFeed(history)),
			fresh(ctx, out),
		)
	}}, nil
}

// elsewhere tells whether a device's key is changed with a person's help.
func elsewhere(v devicePage) bool {
	return v.Copy.Service == thingspeak.Provider && v.CanManage && !v.Gone && !v.Paused
}
