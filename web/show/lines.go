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
	case policies.Action:
		return Act(ctx, v)
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

// Act is what one may do, in the viewer's language: "see values".
func Act(ctx context.Context, a policies.Action) string { return ui.T(ctx, acts[a]) }

var acts = map[policies.Action]string{
	policies.SeeDevice:             "act.see-device",
	policies.ReadDevice:            "act.read-device",
	policies.ManageDevice:          "act.manage-device",
	policies.MoveDevice:            "act.move-device",
	policies.RetireDevice:          "act.retire-device",
	policies.TransferDevice:        "act.transfer-device",
	policies.DecideStranger:        "act.decide-stranger",
	policies.RevealReadKey:         "act.reveal-read-key",
	policies.ReadOrg:               "act.read-org",
	policies.ManageOrg:             "act.manage-org",
	policies.MoveOrg:               "act.move-org",
	policies.ReadPeople:            "act.read-people",
	policies.ManagePeople:          "act.manage-people",
	policies.InviteViewer:          "act.invite-viewer",
	policies.AppointSupport:        "act.appoint-support",
	policies.Share:                 "act.share",
	policies.SeeRegistrationKey:    "act.see-reg-key",
	policies.RevealRegistrationKey: "act.reveal-reg-key",
	policies.ManageRegistrationKey: "act.manage-reg-key",
	policies.ReadConnector:         "act.read-connector",
	policies.TestConnector:         "act.test-connector",
	policies.MakeConnector:         "act.make-connector",
	policies.ManageConnector:       "act.manage-connector",
	policies.ReadAudit:             "act.read-audit",
	policies.ExportAudit:           "act.export-audit",
	policies.ManageAgent:           "act.manage-agent",
	policies.ManageCA:              "act.manage-ca",
	policies.UploadFirmware:        "act.upload-firmware",
	policies.RunCampaign:           "act.run-campaign",
	policies.ReadService:           "act.read-service",
	policies.MakeService:           "act.make-service",
	policies.ManageService:         "act.manage-service",
	policies.ManageRoles:           "act.manage-roles",
	policies.ReviewAccess:          "act.review-access",
	policies.Impersonate:           "act.impersonate",
	policies.BreakGlass:            "act.break-glass",
	policies.AdministerPlatform:    "act.administer",
}
