package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// accessQuery asks who could see a thing at a moment, or what a person could see.
type accessQuery struct {
	what string // a device's id or serial, or a channel
	who  string // an e-mail address or a person's id
	day  time.Time
	hour string // 15:04, UTC
}

// parseAccessQuery reads an address strictly. Without a day it is now, to the minute.
func parseAccessQuery(q url.Values, now time.Time) (accessQuery, error) {
	a := accessQuery{what: form.Words(q.Get("what")), who: form.Words(q.Get("who")), hour: q.Get("time")}
	err := audit.ErrFilter
	now = now.UTC().Truncate(time.Minute)
	if s := q.Get("day"); s == "" {
		a.day = now.Truncate(24 * time.Hour)
		if a.hour == "" {
			a.hour = now.Format(timeForm)
		}
	} else if day, bad := parseDay(s); bad != nil {
		err = err.At("day", "A day is written like 2026-11-03.")
	} else {
		a.day = day
	}
	if a.hour == "" {
		a.hour = "12:00"
	}
	if t, bad := time.Parse(timeForm, a.hour); bad != nil || t.Format(timeForm) != a.hour {
		err = err.At("time", "A time is written like 14:30.")
		a.hour = ""
	}
	if a.at().After(now.Add(time.Minute)) {
		err = err.At("day", "That day has not come yet.")
	}
	if len(err.Fields) > 0 {
		return a, err
	}
	return a, nil
}

const timeForm = "15:04"

// at is the moment that is asked about, to the end of its minute.
func (a accessQuery) at() time.Time {
	t, err := time.Parse(timeForm, a.hour)
	if err != nil || a.day.IsZero() {
		return time.Time{}
	}
	return a.day.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Minute - time.Microsecond)
}

func (a accessQuery) link(org string, who, what string) string {
	q := url.Values{"day": {a.day.Format(time.DateOnly)}, "time": {a.hour}}
	for k, v := range map[string]string{"org": org, "who": who, "what": what} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return "/audit/access?" + q.Encode()
}

// accessPage answers either question, or both.
type accessPage struct {
	Query  accessQuery
	Org    string
	Wrong  map[string]string
	At     time.Time
	Things []ui.Option // some devices to choose from

	Thing  *devices.Then // who could see it
	Place  string
	Shut   bool
	NoOne  bool // there was no such thing
	Held   []access
	Person string // what he could see
	Reach  []accessPlace
	By     []access
	More   bool
	Nobody bool // no such person held anything here
}

// access is one way in which somebody could see it.
type access struct {
	orgs.Holding
	RoleWord, From, Href string
}

// accessPlace is a place with the devices that somebody could see in it.
type accessPlace struct {
	Name    string
	Devices []accessThing
}

type accessThing struct{ Name, Serial, Channel, Href string }

func (p *Portal) access(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "audit.access.title"), "access")
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ReadAudit, h.Org.ID); err != nil {
		return err
	}
	q, wrong := parseAccessQuery(c.QueryParams(), p.Now())
	v := accessPage{Query: q, Org: c.QueryParam("org"), At: q.at()}
	if v.Things, err = p.things(ctx, h); err != nil {
		return err
	}
	if wrong != nil {
		v.Wrong, _ = form.Wrong(wrong)
		return show.Page(c, http.StatusUnprocessableEntity, accessView(h.Page, v))
	}
	if q.what != "" {
		if err := p.whoCould(ctx, h, &v); err != nil {
			return err
		}
	}
	if q.who != "" {
		if err := p.whatCould(ctx, h, &v); err != nil {
			return err
		}
	}
	return show.Page(c, http.StatusOK, accessView(h.Page, v))
}

// whoCould finds the thing as it was, and who could see its values.
func (p *Portal) whoCould(ctx context.Context, h frame.Here, v *accessPage) error {
	thing, err := p.Devices.At(ctx, h.Org.Tenant, v.Query.what, v.At)
	if errors.Is(err, devices.ErrNotThen) {
		v.NoOne = true
		return nil
	}
	if err != nil {
		return err
	}
	held, shut, err := p.Orgs.AccessAt(ctx, orgs.Spot{Org: thing.Org, Device: thing.ID, At: v.At}, policies.ReadDevice)
	if err != nil {
		return err
	}
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return err
	}
	v.Thing, v.Shut, v.Place = &thing, shut, places[thing.Org]
	v.Held = p.accesses(ctx, held, v.Query, v.Org)
	return nil
}

func (p *Portal) accesses(ctx context.Context, held []orgs.Holding, q accessQuery, org string) []access {
	all := make([]access, len(held))
	for i, x := range held {
		all[i] = access{Holding: x, RoleWord: p.roleWord(ctx, x.Role), From: sourceWord(ctx, x)}
		if x.Kind == policies.Person {
			all[i].Href = q.link(org, string(x.Who), "")
		}
	}
	return all
}

// sourceWord says how somebody came to what he held.
func sourceWord(ctx context.Context, x orgs.Holding) string {
	switch {
	case x.Lender != "":
		return ui.T(ctx, "audit.access.deputy", "Name", x.Lender)
	case x.Device:
		return ui.T(ctx, "audit.access.shared.device")
	case x.Source == policies.Shared:
		return ui.T(ctx, "audit.access.shared")
	case x.Team != "":
		return ui.T(ctx, "audit.access.team", "Name", x.Team)
	}
	return ""
}

// whatCould finds the person, and what he could see.
func (p *Portal) whatCould(ctx context.Context, h frame.Here, v *accessPage) error {
	who, err := iam.ParseUserID(v.Query.who)
	if email, bad := iam.ParseEmail(v.Query.who); bad == nil {
		u, err := p.Users.ByEmail(ctx, email)
		if err != nil && !errors.Is(err, iam.ErrUserUnknown) {
			return err
		}
		who = u.ID
	} else if err != nil {
		who = ""
	}
	v.Nobody = true
	if who == "" {
		return nil
	}
	r, err := p.Orgs.ReachAt(ctx, h.Org.ID, who, policies.ReadDevice, v.At)
	if err != nil || len(r.Held) == 0 {
		return err
	}
	v.Nobody, v.Person, v.By = false, r.Held[0].Name, p.accesses(ctx, r.Held, v.Query, v.Org)
	things, more, err := p.Devices.InAt(ctx, h.Org.Tenant, r.Places, r.Devices, v.At)
	if err != nil {
		return err
	}
	v.More = more
	for _, place := range r.Places {
		var in accessPlace
		for _, d := range things {
			if d.Org == place {
				in.Devices = append(in.Devices, p.thing(d, v))
			}
		}
		in.Name = r.Names[place]
		v.Reach = append(v.Reach, in)
	}
	var single accessPlace
	for _, d := range things {
		for _, id := range r.Devices {
			if d.ID == id {
				single.Devices = append(single.Devices, p.thing(d, v))
			}
		}
	}
	if len(single.Devices) > 0 {
		single.Name = ui.T(ctx, "audit.access.single")
		v.Reach = append(v.Reach, single)
	}
	return nil
}

func (p *Portal) thing(d devices.Then, v *accessPage) accessThing {
	return accessThing{Name: d.Name, Serial: d.Serial, Channel: d.Channel, Href: v.Query.link(v.Org, "", string(d.ID))}
}

// thingsOffered bounds the devices that the form offers by name.
const thingsOffered = 100

// things are some devices of the place, to choose from.
func (p *Portal) things(ctx context.Context, h frame.Here) ([]ui.Option, error) {
	some, _, err := p.Devices.InAt(ctx, h.Org.Tenant, []iam.OrgID{h.Org.ID}, nil, p.Now())
	if err != nil {
		return nil, err
	}
	var all []ui.Option
	for _, d := range some[:min(len(some), thingsOffered)] {
		all = append(all, ui.Option{Value: d.Serial, Label: d.Name})
	}
	return all, nil
}
