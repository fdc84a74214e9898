package thingspeak

import (
	"errors"
	"math"
	"strings"
	"time"

	"halfkey/connectors/channels"
	"halfkey/iam"
)

const perPage = 15

// public answers /channels/public: what anybody may read, fifteen at a time.
func (d *door) public(c *call) {
	said, err := d.publicPage(c)
	if err != nil {
		d.refuseAccount(c, err)
		return
	}
	c.told(said)
}

func (d *door) publicPage(c *call) (any, error) {
	if !isGet(c.r.Method) {
		return nil, errMethod
	}
	if c.format == asCSV {
		return nil, errFormat
	}
	var of iam.OrgID
	if login := c.params.Text("username"); login != "" {
		o, err := d.owner(c, login)
		if err != nil && !errors.Is(err, channels.ErrOwner) {
			return nil, err
		}
		if of = o.Org; of == "" {
			of = "nobody"
		}
	}
	all, err := d.Store.PublicChannels(c.ctx, of)
	if err != nil {
		return nil, err
	}
	near, tag := nearOf(c.params), c.params.Text("tag")
	kept := all[:0]
	for _, ch := range all {
		if (tag == "" || hasTag(ch, tag)) && near.holds(ch) {
			kept = append(kept, ch)
		}
	}
	page, _ := whole(c.params, "page")
	page = min(max(page, 1), math.MaxInt32)
	shown := list{item: "channel"}
	for _, ch := range kept[min((page-1)*perPage, len(kept)):min(page*perPage, len(kept))] {
		shown.of = append(shown.of, channelOf(ch))
	}
	pages := object{{"current_page", int64(page)}, {"per_page", int64(perPage)}, {"total_entries", int64(len(kept))}}
	return object{{"pagination", pages}, {"channels", shown}}, nil
}

// near is a circle on the earth; one without a radius holds everything.
type near struct{ latitude, longitude, radius float64 } // degrees, kilometres

func nearOf(p Params) (n near) {
	var a, b, ok bool
	n.latitude, a = channels.Number(p.Text("latitude"))
	n.longitude, b = channels.Number(p.Text("longitude"))
	if n.radius, ok = channels.Number(p.Text("distance")); !ok || !a || !b {
		n.radius = 0
	}
	return n
}

func (n near) holds(ch channels.Channel) bool {
	if n.radius <= 0 {
		return true
	}
	if ch.Latitude == nil || ch.Longitude == nil {
		return false
	}
	latitude, a := channels.Number(*ch.Latitude)
	longitude, b := channels.Number(*ch.Longitude)
	return a && b && n.away(latitude, longitude) <= n.radius
}

// away is the great-circle distance in kilometres.
func (n near) away(latitude, longitude float64) float64 {
	const earth, rad = 6371, math.Pi / 180
	h := haversine((latitude-n.latitude)*rad) + math.Cos(latitude*rad)*math.Cos(n.latitude*rad)*haversine((longitude-n.longitude)*rad)
	return 2 * earth * math.Asin(math.Sqrt(min(max(h, 0), 1)))
}

func haversine(a float64) float64 { return (1 - math.Cos(a)) / 2 }

// owner finds the organisation of a login: a tenant's slug alone, or with ~ and
// the slug of a place in it.
func (d *door) owner(c *call, login string) (channels.Owner, error) {
	tenant, slug, below := strings.Cut(login, "~")
	if !below {
		slug = tenant
	}
	o, err := d.Store.Owner(c.ctx, tenant, slug)
	o.Login = login
	return o, err
}

// user answers /users/{login} and /users/{login}/channels. Without the account's
// own key only those exist who have something public, and of theirs that.
func (d *door) user(c *call) {
	said, err := d.userCall(c)
	if err != nil {
		d.refuseAccount(c, err)
		return
	}
	if l, many := said.(list); many && c.format != asXML {
		said = object{{"channels", l}}
	}
	c.told(said)
}

func (d *door) userCall(c *call) (any, error) {
	switch {
	case !isGet(c.r.Method):
		return nil, errMethod
	case c.format == asCSV:
		return nil, errFormat
	case len(c.parts) < 2 || len(c.parts) > 3 || len(c.parts) == 3 && c.parts[2] != "channels":
		return nil, channels.ErrOwner
	}
	o, err := d.owner(c, c.parts[1])
	if err != nil {
		return nil, err
	}
	a, err := d.Store.Account(c.ctx, c.key)
	if err != nil && !errors.Is(err, channels.ErrAccount) {
		return nil, err
	}
	own := err == nil && a.Org == o.Org
	open, err := d.Store.PublicChannels(c.ctx, o.Org)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 && !own {
		return nil, channels.ErrOwner
	}
	if len(c.parts) == 2 {
		return object{{"login", o.Login}, {"created_at", moment{iam.Time(o.Created), time.UTC}}, {"website", nil}, {"bio", nil}}, nil
	}
	if own {
		return d.list(c, a)
	}
	shown := list{item: "channel"}
	for _, ch := range open {
		shown.of = append(shown.of, channelOf(ch))
	}
	return shown, nil
}
