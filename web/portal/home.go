package portal

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

const (
	homeTiles = 8
	homeNews  = 5
)

func (p *Portal) home(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.home"), "home")
	if err != nil {
		return err
	}
	switch {
	case h.Platform:
		return p.admin(c)
	case !h.Manages || !h.Devices: // the menu begins with what he is here for
		return c.Redirect(http.StatusSeeOther, h.Page.Nav[0].Href)
	}
	v, err := p.homeView(c, h)
	if err != nil {
		return err
	}
	if v.Broken, err = p.needs(ctx, h.Org.ID); err != nil {
		return err
	}
	v.BrokenHref = brokenAt(h.Org.ID)
	h.Page.Stream = h.Events("home", "chart", v.chartOf())
	return show.Page(c, http.StatusOK, homePage(h.Page, v))
}

func (p *Portal) homeView(c echo.Context, h frame.Here) (v home, err error) {
	ctx := c.Request().Context()
	v = home{Org: h.Org.Name, AllNews: h.Link("/activity"), SeeAll: h.Link("/devices")}
	if p.mayAdd(ctx, h.Org.ID) {
		v.AddHref = h.Link("/devices/new")
	}
	if v.Notices, err = p.Notices.For(ctx); err != nil {
		return v, err
	}
	if p.Decider.May(ctx, policies.TransferDevice, h.Org.Tenant) {
		offers, _, err := p.Devices.Transfers(ctx)
		if err != nil {
			return v, err
		}
		v.Offers = len(offers)
	}
	if v.Devices, err = p.Devices.Count(ctx, devices.Filter{Org: h.Org.ID}); err != nil {
		return v, err
	}
	people, err := p.peopleOf(ctx, h)
	if err != nil {
		return v, err
	}
	v.People = len(people.Members)
	if v.Asking, err = p.strangers(ctx, h.Org.ID, h.Link("/")); err != nil {
		return v, err
	}
	list, err := p.Devices.List(ctx, devices.Filter{Org: h.Org.ID, Limit: homeTiles})
	if err != nil {
		return v, err
	}
	slices.Reverse(list) // of few the first that came is the first shown
	if v.Tiles, err = p.tiles(ctx, list); err != nil {
		return v, err
	}
	if v.News, err = p.news(ctx, h.Org, homeNews); err != nil {
		return v, err
	}
	if v.Devices == 0 {
		v.Start = p.start(c, h)
	}
	v.Pinned, err = p.pin(ctx, list)
	return v, err
}

// tiles are devices at a glance; the place is named where the viewer has several.
func (p *Portal) tiles(ctx context.Context, list []devices.View) ([]ui.Tile, error) {
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]ui.Tile, len(list))
	for i, d := range list {
		all[i] = ui.Tile{Title: d.Name, Text: places[d.Org], Href: "/devices/" + string(d.ID), Icon: kindIcon(d.Kind),
			Value: plot.Value(d.Summary), Unit: d.Summary.Unit, Points: d.Summary.Spark, State: string(d.Presence), Since: plot.Heard(d.Summary), AsOf: plot.AsOf(d.Copy)}
	}
	return all, nil
}

// pin draws the device that was heard last.
func (p *Portal) pin(ctx context.Context, list []devices.View) (*pinned, error) {
	var d *devices.View
	for i := range list {
		if s := list[i].Summary; s.LastValue != "" && (d == nil || plot.Heard(s).After(plot.Heard(d.Summary).Add(time.Minute))) {
			d = &list[i]
		}
	}
	if d == nil {
		return nil, nil
	}
	c, err := p.Chart(ctx, *d, "", nil)
	if err != nil {
		return nil, err
	}
	return &pinned{Title: d.Name, Text: ui.T(ctx, "portal.reading.text", "Field", d.Summary.FieldName, "ID", cmp.Or(d.Copy.Number, d.Channel)),
		Href: "/devices/" + string(d.ID), Channel: d.Channel, Value: plot.Value(d.Summary), Unit: d.Summary.Unit, Chart: c}, nil
}

// Chart draws what a device measured over a range; link leads to another one.
func (p *Portal) Chart(ctx context.Context, d devices.View, wanted string, link func(plot.Range) string) (ui.Chart, error) {
	now := p.Now()
	return plot.Draw(ctx, p.Channels, plot.Wish{
		ID: "readings", Channel: d.Channel, Name: ui.T(ctx, "portal.chart", "Field", d.Summary.FieldName, "Name", d.Name),
		Summary: d.Summary, Range: plot.Parse(wanted, plot.Heard(d.Summary), now), Link: link,
	}, now)
}

// start is the first steps, ready to paste.
func (p *Portal) start(c echo.Context, h frame.Here) *start {
	return &start{KeyHref: h.Link("/devices/new"), Configure: p.simulated(c) + "FIRST-SECOND", Run: simulator + " run"}
}

// simulator is the device side as the build leaves it.
const simulator = "bin/halfkey-device"

// simulated is how a simulated device is given the key that follows.
func (p *Portal) simulated(c echo.Context) string {
	return simulator + " --server " + p.BaseURL(c) + " configure regkey "
}

// homeStream keeps the home page alive. Its shape changes with the first device
// and with the first reading: then the page is made anew.
func (p *Portal) homeStream(c echo.Context) (stream.View, error) {
	h, err := p.Frame.At(c, "", "home")
	if err != nil {
		return stream.View{}, err
	}
	channel := c.QueryParam("chart")
	fresh := p.Fresh(c.Request().Context(), channel)
	return stream.View{Draw: func(ctx context.Context, out *stream.Out) error {
		v, err := p.homeView(c, h)
		if err != nil {
			return err
		}
		if v.chartOf() == "" != (channel == "") {
			return out.Go(h.Link("/"))
		}
		return cmp.Or(
			out.Part(ctx, "home-lede", homeLede(v)),
			out.Part(ctx, "needs-you", asking(v.Asking)),
			out.Part(ctx, "news", NewsFeed(v.News)),
			out.Part(ctx, "tiles", tiles(v.Tiles)),
			fresh(ctx, out),
		)
	}}, nil
}

func (v home) chartOf() string {
	if v.Pinned == nil {
		return ""
	}
	return v.Pinned.Channel
}

// Fresh adds what is new in a channel to the chart on an open page and writes the
// newest value beside it, if the viewer may see the device, at each look anew.
func (p *Portal) Fresh(ctx context.Context, channel string) func(context.Context, *stream.Out) error {
	nothing := func(context.Context, *stream.Out) error { return nil }
	if channel == "" {
		return nothing
	}
	if _, err := p.Devices.ByChannel(ctx, channel); err != nil {
		return nothing
	}
	fresh := plot.Fresh(p.Channels, channel, p.Now)
	return func(ctx context.Context, out *stream.Out) error {
		d, err := p.Devices.ByChannel(ctx, channel)
		if err != nil {
			return err
		}
		if err := out.Part(ctx, "pinned-value", PinnedValue(plot.Value(d.Summary), d.Summary.Unit)); err != nil {
			return err
		}
		points, err := fresh(ctx)
		if err != nil {
			return err
		}
		return out.Chart("readings", points)
	}
}
