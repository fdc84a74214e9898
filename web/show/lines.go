package show

import (
	"context"
	"time"

	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ui"
)

// Lines are sentences in the viewer's language, the same on a page, in an answer
// of the API and at the command line.
func Lines(ctx context.Context, lines []orgs.Line) []string {
	all := make([]string, len(lines))
	for i, l := range lines {
		kv := make([]any, 0, 2*len(l.Data))
		for name, v := range l.Data {
			kv = append(kv, name, inWords(ctx, v))
		}
		all[i] = ui.T(ctx, l.ID, kv...)
	}
	return all
}

func inWords(ctx context.Context, v any) any {
	switch v := v.(type) {
	case time.Time:
		return ui.Moment(ctx, v)
	case policies.Role:
		return Role(ctx, v)
	}
	return v
}

// Role is a role of the catalogue in the viewer's language; "" for any other.
func Role(ctx context.Context, r policies.Role) string {
	switch r {
	case policies.Owner:
		return ui.T(ctx, "portal.role.owner")
	case policies.Manager:
		return ui.T(ctx, "portal.role.manager")
	case policies.PlatformAdmin:
		return ui.T(ctx, "portal.role.platform")
	case policies.Member:
		return ui.T(ctx, "portal.role.member")
	case policies.Viewer:
		return ui.T(ctx, "portal.role.viewer")
	case policies.Operator:
		return ui.T(ctx, "portal.role.operator")
	case policies.Integrator:
		return ui.T(ctx, "portal.role.integrator")
	case policies.ConnectorOperator:
		return ui.T(ctx, "portal.role.connector")
	case policies.Auditor:
		return ui.T(ctx, "portal.role.auditor")
	case policies.Support:
		return ui.T(ctx, "portal.role.support")
	}
	return ""
}
