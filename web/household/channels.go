package household

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// channels shows the first of the viewer's channels large, the others as rows.
func (h *House) channels(c echo.Context) error {
	here, err := h.Frame.At(c, ui.T(c.Request().Context(), "household.channels"), "channels")
	if err != nil {
		return err
	}
	s, err := h.seen(c.Request().Context(), here.Org.ID)
	if err != nil {
		return err
	}
	var first *devices.View
	if all := s.all(); len(all) > 0 {
		first = &all[0]
	}
	return h.answer(c, here, s, first)
}

func (h *House) channel(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	here, err := h.Frame.Near(c, d.Org, d.Name, "channels")
	if err != nil {
		return err
	}
	s, err := h.seen(ctx, here.Org.ID)
	if err != nil {
		return err
	}
	return h.answer(c, here, s, &d)
}

// seen is what somebody sees from a place: what lies in it, and what others
// share with him device by device.
type seen struct{ here, shared []devices.View }

func (s seen) all() []devices.View { return append(slices.Clip(s.here), s.shared...) }

func (h *House) seen(ctx context.Context, org iam.OrgID) (s seen, err error) {
	if s.here, err = h.at(ctx, org); err != nil {
		return s, err
	}
	s.shared, err = h.Devices.Shared(ctx)
	return s, err
}

// find is the device behind a channel's number, or behind the name of one that is
// kept outside; devices.ErrUnknown is also what those hear who may not see it.
func (h *House) find(ctx context.Context, channel string) (devices.View, error) {
	if id, err := channels.ParseID(channel); err == nil {
		channel = id.String()
	}
	return h.Devices.ByChannel(ctx, channel)
}

func (h *House) answer(c echo.Context, here frame.Here, list seen, shown *devices.View) error {
	ctx := c.Request().Context()
	v := channelPage{Org: here.Org.Name, Guest: here.Guest}
	if here.Org.ID == "" {
		v.Org = ui.T(ctx, "place.shared")
	}
	if shown != nil {
		s := summed(*shown)
		if s.Measured {
			other, err := h.compared(ctx, c.QueryParam("with"), *shown)
			if err != nil {
				return err
			}
			if s.Chart, err = h.chart(c, s, *shown, other); err != nil {
				return err
			}
			if v.Viewing, err = h.viewing(ctx, *shown, s.Chart); err != nil {
				return err
			}
			v.Other, v.Choices = other, choices(list.all(), shown.Channel)
		}
		if _, outside := channels.ParseID(shown.Channel); outside == nil && shown.Removed.IsZero() && h.Decider.MayDevice(ctx, policies.ManageDevice, shown.Org, shown.ID) {
			v.Viewing.Import = "/c/" + shown.Channel + "/import"
		}
		v.Shown, v.Others, v.Shared = &s, rows(list.here, shown.Channel), rows(list.shared, shown.Channel)
		if slices.ContainsFunc(list.shared, func(d devices.View) bool { return d.ID == shown.ID }) {
			v.Source = ui.T(ctx, "place.shared")
		}
		v.CanShow = h.Decider.MayDevice(ctx, policies.RevealReadKey, shown.Org, shown.ID)
		if plot.Until(c.QueryParam("to"), h.Now()).IsZero() { // the past stays as it is
			here.Page.Stream = "/events?" + url.Values{"page": {"channels"}, "org": {string(here.Org.ID)}, "id": {shown.Channel}, "waiting": {waiting(s)}, "with": {v.with()}}.Encode()
		}
	} else {
		here.Page.Stream = "/events?" + url.Values{"page": {"channels"}, "org": {string(here.Org.ID)}}.Encode()
	}
	owner, err := h.owner(ctx, here.Org.ID)
	if err != nil {
		return err
	}
	if v.Notices, err = h.Notices.For(ctx); err != nil {
		return err
	}
	v.Owner, v.Lede = owner, lede(ctx, len(list.here), owner)
	return show.Page(c, http.StatusOK, channelView(here.Page, v))
}

func waiting(c channel) string {
	if c.Measured {
		return ""
	}
	return "yes"
}

func summed(d devices.View) channel {
	return channel{ID: d.Channel, Name: d.Name, Field: d.Summary.FieldName, Value: plot.Value(d.Summary), Unit: d.Summary.Unit,
		State: string(d.Presence), Since: plot.Heard(d.Summary), Measured: d.Summary.LastValue != "", Copy: d.Copy}
}

func rows(list []devices.View, shown string) []ui.Tile {
	var all []ui.Tile
	for _, d := range list {
		if d.Channel == shown {
			continue
		}
		all = append(all, ui.Tile{Title: d.Name, Href: "/c/" + d.Channel, Value: plot.Value(d.Summary), Unit: d.Summary.Unit,
			Points: d.Summary.Spark, State: string(d.Presence), Since: plot.Heard(d.Summary), AsOf: plot.AsOf(d.Copy), Row: true})
	}
	return all
}

// owner is who shares with the viewer: the owner of the place, if that is somebody else.
func (h *House) owner(ctx context.Context, org iam.OrgID) (string, error) {
	if org == "" {
		return "", nil
	}
	holders, err := h.Decider.WhoMay(ctx, h.Channels.DB.WithContext(ctx), policies.ManagePeople, org, "")
	if err != nil {
		return "", err
	}
	me, _ := policies.Asking(ctx)
	name := ""
	for _, p := range holders {
		if p.User == me {
			return "", nil
		}
		if name == "" && p.Role == policies.Owner {
			name = p.Name
		}
	}
	return name, nil
}

func lede(ctx context.Context, n int, owner string) string {
	switch {
	case n == 0:
		return ""
	case owner == "":
		return ui.T(ctx, "household.lede", "Count", n)
	}
	return ui.T(ctx, "household.lede.by", "Count", n, "Owner", owner)
}

// data is what a chart's script reads: the points that the page has drawn, and
// newer ones.
func (h *House) data(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	now := h.Now()
	r := plot.Parse(c.QueryParam("range"), plot.Heard(d.Summary), now)
	if to := plot.Until(c.QueryParam("to"), now); !to.IsZero() {
		now = to
	}
	return h.points(c, d.Channel, now.Add(-r.Span), now)
}

func (h *House) points(c echo.Context, channel string, from, to time.Time) error {
	points, err := plot.Read(c.Request().Context(), h.Channels, channel, from, to)
	if err != nil {
		return err
	}
	if points == nil {
		points = []ui.Point{}
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, ui.ChartData{Points: points})
}

// stream keeps the values alive. A channel's first value makes the page anew, as
// does the first channel of somebody who had none.
func (h *House) stream(c echo.Context) (stream.View, error) {
	here, err := h.Frame.At(c, "", "channels")
	if err != nil {
		return stream.View{}, err
	}
	id, waited := c.QueryParam("id"), c.QueryParam("waiting") != ""
	if id != "" {
		if _, err := h.find(c.Request().Context(), id); err != nil {
			return stream.View{}, err
		}
	}
	with := c.QueryParam("with")
	fresh, beside := plot.Fresh(h.Channels, id, h.Now), h.beside(with)
	wants := func(e live.Event) bool { return e.Kind == live.Value || e.Kind == live.Device }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		list, err := h.seen(ctx, here.Org.ID)
		if err != nil && (id == "" || !hidden(err)) {
			return err
		}
		if id == "" {
			if len(list.all()) > 0 {
				return out.Go(here.Link("/c"))
			}
			return nil
		}
		d, err := h.find(ctx, id)
		if hidden(err) {
			return out.Go("/c") // no longer his to see
		}
		if err != nil {
			return err
		}
		if waited && d.Summary.LastValue != "" {
			return out.Go("/c/" + id)
		}
		if err := h.draw(ctx, out, d, list); err != nil || waited {
			return err
		}
		if err := out.Part(ctx, "choices", compareChoice(with, choices(list.all(), d.Channel))); err != nil {
			return err
		}
		points, err := fresh(ctx)
		if err != nil {
			return err
		}
		if err := out.Chart("readings", points); err != nil {
			return err
		}
		return beside(ctx, out, d)
	}}, nil
}

func hidden(err error) bool {
	f := fault.Of(err)
	return errors.Is(err, devices.ErrUnknown) || f != nil && f.Kind == fault.NotFound
}

func (h *House) draw(ctx context.Context, out *stream.Out, d devices.View, list seen) error {
	s := summed(d)
	if err := out.Part(ctx, "newest", newest(s)); err != nil {
		return err
	}
	if err := out.Part(ctx, "staleness", staleness(s)); err != nil {
		return err
	}
	if err := out.Part(ctx, "copy", plot.CopyNote(s.Copy)); err != nil {
		return err
	}
	if err := out.Part(ctx, "others", otherChannels(rows(list.here, d.Channel))); err != nil {
		return err
	}
	return out.Part(ctx, "shared", sharedChannels(rows(list.shared, d.Channel)))
}
