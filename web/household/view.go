package household

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/iam/fault"
	"halfkey/web/file"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// viewing is what goes round a channel's chart: the values as a file, the way to
// where there are some, the links that show it elsewhere.
func (h *House) viewing(ctx context.Context, d devices.View, chart ui.Chart) (v viewing, err error) {
	v = viewing{Channel: d.Channel, Ranges: ranges(ctx)}
	if last := d.Summary.LastAt; len(chart.Points) < 2 && !last.IsZero() {
		v.Jump = "/c/" + d.Channel + "?range=" + chart.Range + "&to=" + strconv.FormatInt(last.Add(time.Minute).Unix(), 10)
		v.Last = last
	}
	made, err := h.Devices.Embeds(ctx, d.ID)
	for _, e := range made {
		v.Embeds = append(v.Embeds, embed{ID: e.ID, Label: e.Label, Used: e.Used})
	}
	return v, err
}

func ranges(ctx context.Context) (all []ui.Option) {
	for _, r := range plot.Ranges {
		all = append(all, ui.Option{Value: r.ID, Label: plot.Label(ctx, r)})
	}
	return all
}

// download sends all values as a file, in the form that the address ends in; as
// CSV it can be imported again.
func (h *House) download(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	id, err := h.Channels.Number(ctx, d.Channel)
	if err != nil {
		return err
	}
	form := channels.CSV
	if strings.HasSuffix(c.Path(), "."+string(channels.NDJSON)) {
		form = channels.NDJSON
	}
	return file.Send(c, "channel-"+d.Channel+"."+string(form), form.MIME(), func(w io.Writer) error {
		return h.Channels.WriteFile(ctx, w, id, time.Time{}, time.Time{}, form)
	})
}

// makeEmbed shows the link this once, alone and inside the line that frames it.
func (h *House) makeEmbed(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	span := plot.Parse(c.FormValue("range"), h.Now(), h.Now())
	_, token, err := h.Devices.MakeEmbed(ctx, d.ID, c.FormValue("label"), span.ID)
	if err != nil {
		return err
	}
	here, err := h.Frame.Near(c, d.Org, d.Name, "channels")
	if err != nil {
		return err
	}
	here.Page.Path = "/c/" + d.Channel
	link := h.Frame.Door.Base(c) + "/embed/" + token.Reveal()
	return show.Page(c, http.StatusOK, embedMade(here.Page, madeEmbed{Back: ui.Crumb{Name: d.Name, Href: "/c/" + d.Channel}, Link: link,
		Frame: `<iframe src="` + link + `" width="620" height="480" title="` + htmlName(d.Name) + `"></iframe>`}))
}

func (h *House) endEmbed(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.Devices.EndEmbed(ctx, d.ID, c.Param("embed")); err != nil {
		return err
	}
	if c.FormValue("back") == "device" {
		return c.Redirect(http.StatusSeeOther, "/devices/"+string(d.ID)+"#embeds")
	}
	return c.Redirect(http.StatusSeeOther, "/c/"+d.Channel)
}

// Embedded is a chart inside somebody else's page, for whoever has the link.
func (h *House) Embedded(c echo.Context) error {
	ctx := c.Request().Context()
	d, e, err := h.Devices.OpenEmbed(ctx, c.Param("token"))
	if f := fault.Of(err); f != nil && f.Kind == fault.Gone {
		return show.Framed(c, http.StatusGone, embedPage(embedded{Over: true}))
	}
	if err != nil {
		return err
	}
	now := h.Now()
	v := embedded{channel: summed(d)}
	v.Chart, err = plot.Draw(ctx, h.Channels, plot.Wish{ID: "readings", Channel: d.Channel, Name: ui.T(ctx, "household.chart", "Field", v.Field, "Name", v.Name),
		Summary: d.Summary, Range: plot.Parse(e.Span, now, now), Src: "/embed/" + c.Param("token") + "/data"}, now)
	if err != nil {
		return err
	}
	return show.Framed(c, http.StatusOK, embedPage(v))
}

// EmbeddedData is what the chart's script reads.
func (h *House) EmbeddedData(c echo.Context) error {
	d, e, err := h.Devices.OpenEmbed(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	now := h.Now()
	return h.points(c, d.Channel, now.Add(-plot.Parse(e.Span, now, now).Span), now)
}
