package household

import (
	"context"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/web/plot"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// besideID is the other line of a picture.
const besideID = "readings-with"

// compared is the other channel that the address asks for beside the one that is
// shown. What the viewer may not see is as if he had asked for nothing, and so is
// what has no reading.
func (h *House) compared(ctx context.Context, with string, d devices.View) (*channel, error) {
	if with == "" {
		return nil, nil
	}
	other, err := h.find(ctx, with)
	if hidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if c := summed(other); c.Measured && other.ID != d.ID {
		c.Summary = other.Summary
		return &c, nil
	}
	return nil, nil
}

// chart draws the channel, and beside it another where there is one.
func (h *House) chart(c echo.Context, s channel, d devices.View, other *channel) (ui.Chart, error) {
	ctx, now := c.Request().Context(), h.Now()
	w := plot.Wish{ID: "readings", Channel: d.Channel, Name: ui.T(ctx, "household.chart", "Field", s.Field, "Name", s.Name), Summary: d.Summary,
		Range: plot.Parse(c.QueryParam("range"), plot.Heard(d.Summary), now), To: plot.Until(c.QueryParam("to"), now), Below: true, Label: s.Name}
	and := ""
	if other != nil {
		and = "&with=" + other.ID
	}
	w.Link = func(r plot.Range) string { return "/c/" + d.Channel + "?range=" + r.ID + and }
	first, err := plot.Draw(ctx, h.Channels, w, now)
	if err != nil || other == nil {
		return first, err
	}
	w.ID, w.Channel, w.Summary, w.Link, w.Label = besideID, other.ID, other.Summary, nil, other.Name
	w.Name = ui.T(ctx, "household.chart", "Field", other.Field, "Name", other.Name)
	second, err := plot.Draw(ctx, h.Channels, w, now)
	first.With, first.Name = &second, ui.T(ctx, "compare.chart", "First", first.Name, "Second", second.Name)
	return first, err
}

// choices are the channels that one can be compared with.
func choices(all []devices.View, shown string) (list []ui.Option) {
	for _, d := range all {
		if d.Channel != shown && d.Summary.LastValue != "" {
			list = append(list, ui.Option{Value: d.Channel, Label: d.Name})
		}
	}
	return list
}

// with is the other channel's number, "" where there is none.
func (v channelPage) with() string {
	if v.Other == nil {
		return ""
	}
	return v.Other.ID
}

// beside keeps the other line alive as long as the viewer may see its channel.
func (h *House) beside(with string) func(context.Context, *stream.Out, devices.View) error {
	if with == "" {
		return func(context.Context, *stream.Out, devices.View) error { return nil }
	}
	fresh := plot.Fresh(h.Channels, with, h.Now)
	return func(ctx context.Context, out *stream.Out, d devices.View) error {
		other, err := h.compared(ctx, with, d)
		if err != nil {
			return err
		}
		if other == nil {
			return out.Go("/c/" + d.Channel)
		}
		if err := out.Part(ctx, "compared", legend(summed(d), *other)); err != nil {
			return err
		}
		points, err := fresh(ctx)
		if err != nil {
			return err
		}
		return out.Chart(besideID, points)
	}
}
