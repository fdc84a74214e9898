package portal

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/orgs"
	"halfkey/web/plot"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// arrival is what has happened with the key since then: a device that is
// arriving, one that waits for the owner, and near misses.
func (p *Portal) arrival(ctx context.Context, key orgs.Key, since time.Time) (a arrival, err error) {
	a.First = key.Hint + "…"
	a.Again = "/devices/new?" + url.Values{"key": {string(key.ID)}, "since": {strconv.FormatInt(iam.Micros(since), 10)}}.Encode()
	came, err := p.Devices.Arrivals(ctx, key.ID, since)
	if err != nil {
		return a, err
	}
	if len(came) > 0 {
		d, err := p.Devices.Get(ctx, came[0].ID) // when it called, a list does not tell
		if err != nil {
			return a, err
		}
		a.arrived(ctx, d)
	} else if err := p.asks(ctx, &a, key.ID, since); err != nil {
		return a, err
	}
	missed, err := p.Devices.NearMisses(ctx, key.ID, since)
	if err != nil {
		return a, err
	}
	a.Near = misses(ctx, missed)
	return a, nil
}

// arrived ticks off how far a device has come.
func (a *arrival) arrived(ctx context.Context, d devices.View) {
	a.Device, a.Serial, a.Kind, a.Name, a.Named = string(d.ID), d.Serial, kindWord(ctx, d.Kind), d.Name, true
	a.Ticks = []ui.Tick{{Text: ui.T(ctx, "portal.new.called"), When: ui.Clock(ctx, d.Called), State: "done"}}
	made := ui.Tick{Text: ui.T(ctx, "portal.new.made", "ID", cmp.Or(d.Copy.Number, d.Channel)), State: "done"}
	switch { // a service outside makes the channel beside the call, and the device comes again
	case d.State == devices.Provisioning && d.Copy.Number == "":
		a.Ticks = append(a.Ticks, ui.Tick{Text: ui.T(ctx, "arrival.making"), State: "wait"})
		return
	case d.State == devices.Provisioning:
		a.Ticks = append(a.Ticks, made, ui.Tick{Text: ui.T(ctx, "arrival.again"), State: "wait"})
		return
	}
	if d.Copy.Number == "" {
		made.When = after(d.Called, d.Boarded)
	}
	a.Ticks = append(a.Ticks, made, ui.Tick{Text: ui.T(ctx, "portal.new.sealed"), When: after(d.Called, d.Sealed), State: "done"})
	if d.Summary.LastValue == "" {
		a.Ticks = append(a.Ticks, ui.Tick{Text: ui.T(ctx, "portal.new.first"), State: "wait"})
		return
	}
	a.Complete = true
	value := plot.Value(d.Summary) + " " + d.Summary.Unit
	a.Ticks = append(a.Ticks, ui.Tick{Text: ui.T(ctx, "portal.new.first.value", "Value", value), When: after(d.Called, plot.Heard(d.Summary)), State: "done"})
}

// asks shows a stranger that the key's owner must accept first.
func (p *Portal) asks(ctx context.Context, a *arrival, key iam.KeyID, since time.Time) error {
	waiting, err := p.Devices.Waiting(ctx, "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(waiting, func(r devices.Request) bool { return r.Key == key && r.Asked().After(since) })
	if i < 0 {
		return nil
	}
	r := waiting[i]
	a.Asking, a.Serial, a.Kind = string(r.ID), r.Serial, r.Model
	a.Ticks = []ui.Tick{
		{Text: ui.T(ctx, "portal.new.called"), When: ui.Clock(ctx, r.Asked()), State: "done"},
		{Text: ui.T(ctx, "portal.new.waits"), State: "wait"},
	}
	return nil
}

// step is where the page's journey stands.
func (a arrival) step() int {
	switch {
	case a.Complete:
		return 3
	case a.Device != "":
		return 2
	}
	return 1
}

// after is how long something took, as "+0.4 s".
func after(from, to time.Time) string {
	d := max(to.Sub(from), 0)
	if d < 10*time.Second {
		return fmt.Sprintf("+%.1f s", d.Seconds())
	}
	return "+" + show.Every(d)
}

// misses tells near misses in words, each cause once and never whose key it was.
func misses(ctx context.Context, all []devices.NearMiss) []string {
	var lines []string
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.Serial+m.Cause] || len(lines) == 3 {
			continue
		}
		seen[m.Serial+m.Cause] = true
		lines = append(lines, missWord(ctx, m))
	}
	return lines
}

func missWord(ctx context.Context, m devices.NearMiss) string {
	switch m.Cause {
	case "proof-wrong":
		return ui.T(ctx, "portal.miss.proof", "Serial", m.Serial)
	case "key-unknown":
		return ui.T(ctx, "portal.miss.key", "Serial", m.Serial)
	case "key-revoked":
		return ui.T(ctx, "portal.miss.revoked", "Serial", m.Serial)
	case "key-closed", "key-used-up":
		return ui.T(ctx, "portal.miss.closed", "Serial", m.Serial)
	case "door-closed", "way-down":
		return ui.T(ctx, "portal.miss.door", "Serial", m.Serial)
	case "unlisted":
		return ui.T(ctx, "portal.miss.unlisted", "Serial", m.Serial)
	case "declined":
		return ui.T(ctx, "portal.miss.declined", "Serial", m.Serial)
	case "suspended":
		return ui.T(ctx, "portal.miss.suspended", "Serial", m.Serial)
	}
	return ui.T(ctx, "portal.miss.other", "Serial", m.Serial)
}

func (p *Portal) arrivalStream(c echo.Context) (stream.View, error) {
	id, since, err := parseListening(c.QueryParam("key"), c.QueryParam("since"), p.Now())
	if err != nil {
		return stream.View{}, err
	}
	k, err := p.Orgs.Key(c.Request().Context(), id)
	if err != nil {
		return stream.View{}, err
	}
	org, err := p.Orgs.Get(c.Request().Context(), k.Org)
	if err != nil {
		return stream.View{}, err
	}
	wants := func(e live.Event) bool { return e.Kind != live.People && e.Kind != live.Activity }
	return stream.View{Wants: wants, Draw: func(ctx context.Context, out *stream.Out) error {
		a, err := p.arrival(ctx, k, since)
		if err != nil {
			return err
		}
		return cmp.Or(
			out.Part(ctx, "add-steps", addSteps(addDevice{Place: org.Name, At: a.step()})),
			out.Part(ctx, "arrival", arrivalCard(a)),
		)
	}}, nil
}
