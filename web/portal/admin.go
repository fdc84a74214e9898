package portal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// adminAtOnce is how many organisations or people a page lists.
const adminAtOnce = 50

// mountAdmin adds what is there for who looks after the installation.
func (p *Portal) mountAdmin(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{
		"/admin": p.admin, "/admin/orgs": p.adminOrgs, "/admin/orgs/:id": p.adminOrg, "/admin/orgs/:id/secret": p.askSecret,
		"/admin/users": p.adminUsers, "/admin/roles": p.adminRoles, "/admin/policies": p.adminRules, "/admin/why": p.adminWhy,
	} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh
	g.POST("/admin/orgs/:id/state", p.turnTenant, fresh)
	g.POST("/admin/orgs/:id/secret", p.breakGlass, fresh)
	g.POST("/admin/users/:id/switch", p.switchAccount, fresh)
	g.POST("/admin/roles", p.appoint, fresh)
	g.POST("/admin/roles/:id/end", p.dismiss, fresh)
	g.POST("/admin/policies", p.addRule, fresh)
	g.POST("/admin/policies/remove", p.removeRule, fresh)
}

// admin is the home of who looks after the installation: what there is, not what
// is inside.
func (p *Portal) admin(c echo.Context) error { return p.answerAdmin(c, http.StatusOK, orgForm{}) }

func (p *Portal) answerAdmin(c echo.Context, status int, f orgForm) error {
	ctx := c.Request().Context()
	h, top, err := p.Frame.Platform(c, ui.T(ctx, "portal.platform.title"), "home")
	if err != nil {
		return err
	}
	h.Page.Path = "/admin"
	f.Parent = string(top.ID)
	v := adminHome{Form: f}
	if v.Told, err = p.Notices.For(ctx); err != nil {
		return err
	}
	tenants, people, devices, err := p.Orgs.Count(ctx)
	if err != nil {
		return err
	}
	seats, err := p.Orgs.PlatformSeats(ctx)
	if err != nil {
		return err
	}
	rules, err := p.Decider.Rules(ctx)
	if err != nil {
		return err
	}
	added := 0
	for _, r := range rules {
		if r.Added {
			added++
		}
	}
	broken := 0
	if p.Doctor != nil {
		found, err := p.Doctor.Find(ctx, "")
		if err != nil {
			return err
		}
		broken = len(found)
	}
	v.Tiles = []adminTile{
		{"activity", ui.T(ctx, "doctor.title"), "/admin/health", countWord(broken), ui.T(ctx, "doctor.tile")},
		{"network", ui.T(ctx, "admin.orgs"), "/admin/orgs", countWord(tenants), ui.T(ctx, "admin.orgs.tile", "Count", devices, "Devices", countWord(devices))},
		{"users", ui.T(ctx, "admin.users"), "/admin/users", countWord(people), ui.T(ctx, "admin.users.tile")},
		{"shield", ui.T(ctx, "admin.roles"), "/admin/roles", countWord(len(seats)), ui.T(ctx, "admin.roles.tile")},
		{"scroll-text", ui.T(ctx, "admin.policies"), "/admin/policies", countWord(len(rules)), ui.T(ctx, "admin.policies.tile", "Count", added)},
		{"key-round", ui.T(ctx, "agents.key"), "/admin/signing-key", "", ui.T(ctx, "agents.key.tile")},
	}
	return show.Page(c, status, adminHomeView(h.Page, v))
}

// countWord is a number that was counted to orgs.CountMost and no further.
func countWord(n int) string {
	if n > orgs.CountMost {
		return strconv.Itoa(orgs.CountMost) + "+"
	}
	return strconv.Itoa(n)
}

// adminNext is the address of the page after this one.
func adminNext(path string, q url.Values, last string) string {
	q.Set("after", last)
	return path + "?" + q.Encode()
}

// adminQuery are the filters of an address that are set.
func adminQuery(kv ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			q.Set(kv[i], kv[i+1])
		}
	}
	return q
}

// orgStateWord is a place's own state in a word, and the kind of its badge.
func orgStateWord(ctx context.Context, s orgs.State) (word, kind string) {
	switch s {
	case orgs.Suspended:
		return ui.T(ctx, "place.state.suspended"), "warn"
	case orgs.Closed:
		return ui.T(ctx, "place.state.closed"), "warn"
	}
	return ui.T(ctx, "place.state.open"), "good"
}
