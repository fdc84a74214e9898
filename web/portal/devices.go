package portal

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// pageSize is how many devices a page has.
const pageSize = 20

// listQuery is what the address of the list says.
type listQuery struct {
	text  string
	state devices.State
	after iam.DeviceID
	cards bool
}

// parseListQuery takes what a URL says; an unknown state or view is none.
func parseListQuery(q url.Values) (l listQuery, err error) {
	l.text = form.Words(q.Get("q"))
	switch s := devices.State(q.Get("state")); s {
	case devices.Active, devices.Suspended, devices.Retired:
		l.state = s
	}
	l.cards = q.Get("view") == "cards"
	if a := q.Get("after"); a != "" {
		l.after, err = iam.ParseDeviceID(a)
	}
	return l, err
}

// link is the list with this query at a place; after begins a later page.
func (l listQuery) link(org iam.OrgID, after iam.DeviceID) string {
	q := url.Values{}
	for k, v := range map[string]string{"org": string(org), "q": l.text, "state": string(l.state), "after": string(after)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if l.cards {
		q.Set("view", "cards")
	}
	if len(q) == 0 {
		return "/devices"
	}
	return "/devices?" + q.Encode()
}

func (p *Portal) devices(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.devices"), "devices")
	if err != nil {
		return err
	}
	if !h.Manages && !h.Keeps {
		return c.Redirect(http.StatusSeeOther, h.Link("/c"))
	}
	l, err := parseListQuery(c.QueryParams())
	if err != nil {
		return err
	}
	v, err := p.deviceList(c, h, l)
	if err != nil {
		return err
	}
	h.Page.Stream = h.Events("devices", "q", l.text, "state", string(l.state), "after", string(l.after), "view", viewOf(l.cards))
	return show.Page(c, http.StatusOK, devicesPage(h.Page, v))
}

func (p *Portal) deviceList(c echo.Context, h frame.Here, l listQuery) (v deviceList, err error) {
	ctx := c.Request().Context()
	here := iam.OrgID(c.QueryParam("org"))
	v = deviceList{Query: l.text, State: string(l.state), Cards: l.cards}
	if p.mayAdd(ctx, h.Org.ID) {
		v.AddHref = h.Link("/devices/new")
	}
	filter := devices.Filter{Org: h.Org.ID, Text: l.text, State: l.state, After: l.after, Limit: pageSize + 1}
	list, err := p.Devices.List(ctx, filter)
	if err != nil {
		return v, err
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		v.Next = l.link(here, list[pageSize-1].ID)
	}
	if l.after != "" {
		v.First = l.link(here, "")
	}
	if v.Total, err = p.total(ctx, filter, l, len(list), v.Next != ""); err != nil {
		return v, err
	}
	if l.text != "" || l.state != "" {
		v.Clear = listQuery{cards: l.cards}.link(here, "")
	} else if len(list) == 0 && l.after == "" {
		v.Empty = p.start(c, h)
	}
	v.Hidden = ask.Hidden("org", string(here), "view", c.QueryParam("view"))
	table, cards := l, l
	table.cards, cards.cards = false, true
	v.Views = []ui.Tab{{ID: "table", Label: ui.T(ctx, "portal.devices.table"), Href: table.link(here, l.after)},
		{ID: "cards", Label: ui.T(ctx, "portal.devices.cards"), Href: cards.link(here, l.after)}}
	v.Rows, err = p.rows(ctx, list)
	return v, err
}

// total counts only where the page itself does not show all there is, and not
// more often than every few seconds.
func (p *Portal) total(ctx context.Context, f devices.Filter, l listQuery, shown int, more bool) (string, error) {
	if !more && l.after == "" {
		return ui.T(ctx, "portal.count.devices", "Count", shown), nil
	}
	version, err := p.Decider.Version(ctx)
	if err != nil {
		return "", err
	}
	me, _ := policies.Asking(ctx)
	wanted := counted{me, f.Org, f.Text, f.State}
	n, ok := p.counts.Get(wanted, version)
	if !ok {
		if n, err = p.Devices.Count(ctx, f); err != nil {
			return "", err
		}
		p.counts.Put(wanted, version, n)
	}
	if n > devices.CountMost {
		return ui.T(ctx, "portal.devices.many", "Count", devices.CountMost), nil
	}
	return ui.T(ctx, "portal.count.devices", "Count", n), nil
}

// counted is what was counted for whom.
type counted struct {
	user  iam.UserID
	org   iam.OrgID
	text  string
	state devices.State
}

func (p *Portal) rows(ctx context.Context, list []devices.View) ([]deviceRow, error) {
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return nil, err
	}
	now := p.Now()
	rows := make([]deviceRow, len(list))
	for i, d := range list {
		rows[i] = deviceRow{Href: "/devices/" + string(d.ID), Name: d.Name, Serial: d.Serial, Icon: kindIcon(d.Kind),
			State: string(d.Presence), Since: plot.Heard(d.Summary), Value: plot.Value(d.Summary), Unit: d.Summary.Unit,
			AsOf: plot.AsOf(d.Copy), Channel: cmp.Or(d.Copy.Number, d.Channel), KeyAge: age(ctx, d.Boarded, now), Place: places[d.Org], Spark: d.Summary.Spark}
	}
	return rows, nil
}

func (p *Portal) devicesStream(c echo.Context) (stream.View, error) {
	l, err := parseListQuery(c.QueryParams())
	if err != nil {
		return stream.View{}, err
	}
	wants := func(e live.Event) bool { return e.Kind == live.Device || e.Kind == live.Value || e.Kind == live.People }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		h, err := p.Frame.At(c, "", "devices")
		if err != nil {
			return err
		}
		v, err := p.deviceList(c, h, l)
		if err != nil {
			return err
		}
		if v.Empty != nil {
			return nil
		}
		return out.Part(ctx, "devices", deviceRows(v))
	}}, nil
}
