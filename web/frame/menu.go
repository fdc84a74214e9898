package frame

import (
	"context"

	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// menu is what the viewer may open. A member sees his channels and keys; who
// manages sees the portal.
func (f *Frame) menu(ctx context.Context, h Here, s standing) ([]ui.NavItem, error) {
	if h.Platform {
		return []ui.NavItem{{ID: "home", Label: ui.T(ctx, "portal.home"), Icon: "house", Href: "/"}}, nil
	}
	if !s.manages {
		return []ui.NavItem{
			{ID: "channels", Label: ui.T(ctx, "household.channels"), Icon: "activity", Href: h.Link("/c")},
			{ID: "keys", Label: ui.T(ctx, "household.mykeys"), Icon: "key-round", Href: "/k"},
			{ID: "activity", Label: ui.T(ctx, "portal.activity"), Icon: "scroll-text", Href: h.Link("/activity")},
		}, nil
	}
	people := ui.NavItem{ID: "people", Label: ui.T(ctx, "portal.people"), Icon: "users", Href: h.Link("/people")}
	activity := ui.NavItem{ID: "activity", Label: ui.T(ctx, "portal.activity"), Icon: "scroll-text", Href: h.Link("/activity")}
	if !s.devices {
		return []ui.NavItem{
			activity,
			{ID: "audit", Label: ui.T(ctx, "audit.title"), Icon: "shield", Href: h.Link("/audit")},
			{ID: "access", Label: ui.T(ctx, "audit.access.menu"), Icon: "eye", Href: h.Link("/audit/access")},
			{ID: "inventory", Label: ui.T(ctx, "audit.keys.menu"), Icon: "key-round", Href: h.Link("/audit/keys")},
			people,
		}, nil
	}
	waiting, err := f.countWaiting(ctx)
	if err != nil {
		return nil, err
	}
	return []ui.NavItem{
		{ID: "home", Label: ui.T(ctx, "portal.home"), Icon: "house", Href: h.Link("/"), Count: waiting},
		{ID: "devices", Label: ui.T(ctx, "portal.devices"), Icon: "cpu", Href: h.Link("/devices")},
		{ID: "channels", Label: ui.T(ctx, "portal.channels"), Icon: "activity", Href: h.Link("/c")},
		people, activity,
	}, nil
}

// asked is a person and the turn of the questions at the door.
type asked struct {
	user iam.UserID
	turn uint64
}

// countWaiting counts anew when somebody asks to join, is answered, or after
// two seconds.
func (f *Frame) countWaiting(ctx context.Context) (int, error) {
	version, err := f.Decider.Version(ctx)
	if err != nil {
		return 0, err
	}
	me, _ := policies.Asking(ctx)
	turn, hears := f.Live.Turn(live.Join, "")
	if n, ok := f.waiting.Get(asked{me, turn}, version); ok && hears {
		return n, nil
	}
	n, err := f.Devices.CountWaiting(ctx)
	if err == nil {
		f.waiting.Put(asked{me, turn}, version, n)
	}
	return n, err
}

func (s standing) crumbs() []ui.Crumb {
	var all []ui.Crumb
	for _, c := range s.path {
		all = append(all, ui.Crumb{Name: c.Name, Href: s.home() + "?org=" + string(c.ID)})
	}
	return all
}

func (s standing) home() string {
	if s.manages {
		return "/"
	}
	return "/c"
}

// pages is where the switcher of each menu entry leads.
var pages = map[string]string{"home": "/", "devices": "/devices", "channels": "/c", "people": "/people", "activity": "/activity",
	"audit": "/audit", "access": "/audit/access", "inventory": "/audit/keys", "reviews": "/reviews"}

// switcher lists the viewer's places, when there is more than one to go to.
func (s standing) switcher(ctx context.Context, active string) []ui.Crumb {
	if len(s.places) < 2 && !s.manages {
		return nil
	}
	page := pages[active]
	if page == "" {
		page = s.home()
	}
	var all []ui.Crumb
	for _, o := range s.places {
		all = append(all, ui.Crumb{Name: o.Name, Href: page + "?org=" + string(o.ID)})
	}
	if s.manages {
		all = append(all, ui.Crumb{Name: ui.T(ctx, "portal.orgs.all"), Href: "/orgs"})
	}
	return all
}

// RoleWord is a role in the viewer's language.
func RoleWord(ctx context.Context, r policies.Role) string { return show.Role(ctx, r) }
