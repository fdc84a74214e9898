package frame

import (
	"context"

	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/policies"
	"halfkey/web/ui"
)

// menu is what the viewer may open, and what he would look for in vain is not in
// it: a member sees his channels and keys, an auditor the trail, who runs the
// place the portal.
func (f *Frame) menu(ctx context.Context, h Here, s standing) (all []ui.NavItem, err error) {
	if h.Platform {
		return platformMenu(ctx), nil
	}
	runs, audits := s.manages && s.devices, s.manages && !s.devices
	greets := s.devices && s.does.Has(policies.DecideStranger)
	waiting := 0
	if greets {
		if waiting, err = f.countWaiting(ctx); err != nil {
			return nil, err
		}
	}
	add := func(when bool, id, label, icon, href string, count int) {
		if when {
			all = append(all, ui.NavItem{ID: id, Label: label, Icon: icon, Href: href, Count: count})
		}
	}
	activity := func(when bool) {
		add(when, "activity", ui.T(ctx, "portal.activity"), "scroll-text", h.Link("/activity"), 0)
	}
	people, makesAgents := s.does.Has(policies.ReadPeople), s.does.Has(policies.ManageAgent)
	activity(audits)
	add(audits, "audit", ui.T(ctx, "audit.title"), "shield", h.Link("/audit"), 0)
	add(audits, "access", ui.T(ctx, "audit.access.menu"), "eye", h.Link("/audit/access"), 0)
	add(audits, "inventory", ui.T(ctx, "audit.keys.menu"), "key-round", h.Link("/audit/keys"), 0)
	add(runs, "home", ui.T(ctx, "portal.home"), "house", h.Link("/"), waiting)
	add(s.keeps(), "devices", ui.T(ctx, "portal.devices"), "cpu", h.Link("/devices"), 0)
	add(greets && !runs, "pending", ui.T(ctx, "portal.pending.title"), "inbox", h.Link("/pending"), waiting)
	add(s.guest || s.devices, "channels", ui.T(ctx, "portal.channels"), "activity", h.Link("/c"), 0)
	add(!runs && !people && s.does.Has(policies.RevealReadKey), "keys", ui.T(ctx, "household.mykeys"), "key-round", "/k", 0)
	add(people, "people", ui.T(ctx, "portal.people"), "users", h.Link("/people"), 0)
	add(!people && s.does.Has(policies.MakeService), "services", ui.T(ctx, "machine.services"), "terminal", h.Link("/services"), 0)
	activity(!audits && !s.guest)
	add(s.does.Has(policies.ReadConnector) && !audits, "connectors", ui.T(ctx, "connector.title"), "house-plug", h.Link("/connectors"), 0)
	add(s.does.Has(policies.ReadConnector), "broken", ui.T(ctx, "doctor.menu.place"), "triangle-alert", h.Link("/broken"), 0)
	add(makesAgents, "agents", ui.T(ctx, "agents.title"), "terminal", h.Link("/agents"), 0)
	add(s.platform, "admin", ui.T(ctx, "admin.menu"), "shield", "/admin", 0)
	return all, nil
}

// platformMenu is that of who looks after the installation and belongs to no
// organisation.
func platformMenu(ctx context.Context) []ui.NavItem {
	return []ui.NavItem{
		{ID: "home", Label: ui.T(ctx, "portal.home"), Icon: "house", Href: "/"},
		{ID: "admin-health", Label: ui.T(ctx, "doctor.menu"), Icon: "activity", Href: "/admin/health"},
		{ID: "admin-orgs", Label: ui.T(ctx, "admin.orgs"), Icon: "network", Href: "/admin/orgs"},
		{ID: "admin-users", Label: ui.T(ctx, "admin.users"), Icon: "users", Href: "/admin/users"},
		{ID: "admin-roles", Label: ui.T(ctx, "admin.roles.menu"), Icon: "shield", Href: "/admin/roles"},
		{ID: "admin-policies", Label: ui.T(ctx, "admin.policies"), Icon: "scroll-text", Href: "/admin/policies"},
	}
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
	if s.manages || s.keeps() || !s.devices {
		return "/" // which leads to the first that he may open
	}
	return "/c"
}

// pages is where the switcher of each menu entry leads.
var pages = map[string]string{"home": "/", "devices": "/devices", "channels": "/c", "people": "/people", "agents": "/agents", "connectors": "/connectors", "broken": "/broken", "activity": "/activity",
	"pending": "/pending", "services": "/services", "audit": "/audit", "access": "/audit/access", "inventory": "/audit/keys", "reviews": "/reviews"}

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
