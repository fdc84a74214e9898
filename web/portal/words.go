package portal

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// kindIcon and kindWord show what sort of device it is.
func kindIcon(kind string) string {
	switch kind {
	case "thermometer":
		return "thermometer"
	case "humidity":
		return "droplets"
	}
	return "cpu"
}

func kindWord(ctx context.Context, kind string) string {
	switch kind {
	case "thermometer":
		return ui.T(ctx, "portal.kind.thermometer")
	case "humidity":
		return ui.T(ctx, "portal.kind.humidity")
	case "gateway":
		return ui.T(ctx, "portal.kind.gateway")
	case "agent":
		return ui.T(ctx, "portal.kind.agent")
	}
	return ui.T(ctx, "portal.kind.other")
}

func orgWord(ctx context.Context, k orgs.Kind) string {
	switch k {
	case orgs.Tenant:
		return ui.T(ctx, "portal.orgkind.tenant")
	case orgs.Household:
		return ui.T(ctx, "portal.orgkind.household")
	case orgs.Plant:
		return ui.T(ctx, "portal.orgkind.plant")
	case orgs.Fleet:
		return ui.T(ctx, "portal.orgkind.fleet")
	case orgs.Team:
		return ui.T(ctx, "portal.orgkind.team")
	}
	return ui.T(ctx, "portal.orgkind.plain")
}

// age is how old a key is, in days.
func age(ctx context.Context, since, now time.Time) string {
	days := int(now.Sub(since) / (24 * time.Hour))
	if days < 1 {
		return ui.T(ctx, "portal.age.new")
	}
	return ui.T(ctx, "portal.age.days", "Count", days)
}

func pauseVerb(paused bool) string {
	if paused {
		return "resume"
	}
	return "pause"
}

func viewOf(cards bool) string {
	if cards {
		return "cards"
	}
	return "table"
}

// depthClass indents a place in the tree.
func depthClass(depth int) string { return "depth-" + strconv.Itoa(min(depth, 4)) }

// formAction sends a form elsewhere by the button that is pressed.
func formAction(path string) templ.Attributes { return templ.Attributes{"formaction": path} }

func stateOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: "", Label: ui.T(ctx, "portal.devices.any")},
		{Value: "active", Label: ui.T(ctx, "portal.devices.active")},
		{Value: "suspended", Label: ui.StateWord(ctx, "paused")},
		{Value: "retired", Label: ui.StateWord(ctx, "offboarded")},
	}
}

// roleWord is any role in words, a tenant's own by its name.
func (p *Portal) roleWord(ctx context.Context, r policies.Role) string {
	return roleWord(ctx, p.Orgs, r)
}

func roleWord(ctx context.Context, o *orgs.Service, r policies.Role) string {
	own, _ := o.RoleName(ctx, r) // without it the page is still worth showing
	return cmp.Or(own, show.Role(ctx, r), string(r))
}

func roleOptions(ctx context.Context) []ui.Option {
	var all []ui.Option
	for _, r := range []policies.Role{policies.Member, policies.Viewer, policies.Operator, policies.Manager, policies.Owner, policies.Integrator, policies.Auditor, policies.ConnectorOperator, policies.Support} {
		all = append(all, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
	}
	return all
}
