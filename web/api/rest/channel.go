package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/problem"
)

func (a *API) readings(g *echo.Group) {
	g.GET("/channels", a.listChannels, paged("org", "q"))
	g.GET("/channels/:channel", a.getChannel, known())
	g.GET("/channels/:channel/feed", a.feed, known("from", "to", "limit"))
	g.GET("/channels/:channel/series", a.series, known("field", "from", "to", "points"))
}

// channel is where a device's values are kept.
type channel struct {
	ID          string    `json:"id"`
	Device      string    `json:"device"`
	Org         string    `json:"org"`
	Name        string    `json:"name"`
	Presence    string    `json:"presence"`
	Description string    `json:"description,omitzero"`
	Fields      []field   `json:"fields,omitzero"`
	LastEntry   int64     `json:"last_entry,omitzero"`
	Heard       time.Time `json:"heard_at,omitzero"`
	Reading     reading   `json:"reading,omitzero"`
}

// field is one of a channel's eight.
type field struct {
	Field int    `json:"field"`
	Name  string `json:"name"`
	Unit  string `json:"unit,omitzero"`
}

// settled leaves out what arriving values change.
func (c channel) settled() any {
	c.Presence, c.LastEntry, c.Heard, c.Reading = "", 0, time.Time{}, reading{}
	return c
}

func channelOf(v devices.View) channel {
	d := listed(v)
	return channel{ID: d.Channel, Device: d.ID, Org: d.Org, Name: d.Name, Presence: d.Presence, Heard: v.Summary.Heard, Reading: d.Reading}
}

func (a *API) listChannels(c echo.Context) error {
	w, err := windowOf(c, "channels")
	if err != nil {
		return err
	}
	f, err := filterOf(c)
	if err == nil {
		err = a.sees(c, policies.SeeDevice, f.Org)
	}
	if err != nil {
		return err
	}
	if w.after != "" {
		if f.After, err = iam.ParseDeviceID(w.after); err != nil {
			return ErrCursor
		}
	}
	w.limit = min(w.limit, pageMost-1)
	f.Limit = w.limit + 1
	list, err := a.Devices.List(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]channel, len(list))
	for i, v := range list {
		items[i] = channelOf(v)
	}
	return sayPage(c, w, items, func(ch channel) string { return ch.Device })
}

// channelHere is the channel that the address names, for who may see its device; of
// one that a service outside keeps, our copy.
func (a *API) channelHere(c echo.Context) (channels.ID, devices.View, error) {
	ctx, name := c.Request().Context(), c.Param("channel")
	if number, err := channels.ParseID(name); err == nil {
		name = number.String()
	}
	v, err := a.Devices.ByChannel(ctx, name)
	if err != nil {
		return 0, v, connectors.ErrChannel.Because(err)
	}
	number, err := a.Channels.Number(ctx, name)
	return number, v, err
}

func (a *API) getChannel(c echo.Context) error {
	number, v, err := a.channelHere(c)
	if err != nil {
		return err
	}
	out := channelOf(v)
	kept, err := a.Channels.Find(c.Request().Context(), number)
	if err != nil {
		return err
	}
	out.LastEntry = kept.LastEntry
	if kept.Description != nil {
		out.Description = *kept.Description
	}
	for i, f := range kept.Fields {
		if f.Name != "" {
			out.Fields = append(out.Fields, field{i + 1, f.Name, f.Unit})
		}
	}
	return thing(c, http.StatusOK, out)
}

// entry is what a device wrote at once.
type entry struct {
	Entry  int64     `json:"entry"`
	At     time.Time `json:"at"`
	Field1 *string   `json:"field1,omitzero"`
	Field2 *string   `json:"field2,omitzero"`
	Field3 *string   `json:"field3,omitzero"`
	Field4 *string   `json:"field4,omitzero"`
	Field5 *string   `json:"field5,omitzero"`
	Field6 *string   `json:"field6,omitzero"`
	Field7 *string   `json:"field7,omitzero"`
	Field8 *string   `json:"field8,omitzero"`
	Status *string   `json:"status,omitzero"`
}

// entriesMost is how many entries one answer has at most.
const entriesMost = 8000

// feed gives the newest entries of a stretch of time, oldest first.
func (a *API) feed(c echo.Context) error {
	number, _, err := a.channelHere(c)
	if err != nil {
		return err
	}
	q := channels.Query{}
	if q.Start, q.End, err = span(c); err != nil {
		return err
	}
	if q.Results, err = count(c, "limit", 100, entriesMost); err != nil {
		return err
	}
	rows, err := a.Channels.Feed(c.Request().Context(), number, q)
	if err != nil {
		return err
	}
	out := page[entry]{Items: make([]entry, len(rows))}
	for i, r := range rows {
		f := r.Fields
		out.Items[i] = entry{r.Entry, r.Created, f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], r.Status}
	}
	return say(c, http.StatusOK, out)
}

// point sums up the readings of one stretch of time.
type point struct {
	At    time.Time `json:"at"`
	Min   float64   `json:"min"`
	Avg   float64   `json:"avg"`
	Max   float64   `json:"max"`
	Count int       `json:"count"`
}

// usualSpan is what a chart shows unless said otherwise.
const usualSpan = 24 * time.Hour

func (a *API) series(c echo.Context) error {
	_, v, err := a.channelHere(c)
	if err != nil {
		return err
	}
	from, to, err := span(c)
	if err != nil {
		return err
	}
	if to.IsZero() {
		to = a.Now()
	}
	if from.IsZero() {
		from = to.Add(-usualSpan)
	}
	field, err := count(c, "field", 1, channels.MaxFields)
	if err != nil {
		return err
	}
	points, err := count(c, "points", 300, 2000)
	if err != nil {
		return err
	}
	list, err := a.Channels.Series(c.Request().Context(), v.Channel, field, from, to, points)
	if err != nil {
		return err
	}
	out := page[point]{Items: make([]point, len(list))}
	for i, p := range list {
		out.Items[i] = point{p.At, p.Min, p.Avg, p.Max, p.Count}
	}
	return say(c, http.StatusOK, out)
}

// span reads from and to.
func span(c echo.Context) (from, to time.Time, err error) {
	if from, err = moment(c, "from"); err != nil {
		return from, to, err
	}
	if to, err = moment(c, "to"); err != nil {
		return from, to, err
	}
	if !to.IsZero() && to.Before(from) {
		err = problem.ErrMalformed.At("to", "is before from")
	}
	return from, to, err
}

// count takes a number from 1 to most; usual where there is none.
func count(c echo.Context, name string, usual, most int) (int, error) {
	s := c.QueryParam(name)
	if s == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, problem.ErrMalformed.At(name, "is a number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}
