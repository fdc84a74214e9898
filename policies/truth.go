package policies

import (
	"fmt"
	"slices"
)

// promised is what each role is for, written a second time: rules that say
// anything else, be it one word too much, do not start.
var promised = map[Role][]Action{
	Viewer:   {SeeDevice, ReadDevice, ReadOrg},
	Member:   {SeeDevice, ReadDevice, ReadOrg, RevealReadKey},
	Operator: {SeeDevice, ReadDevice, ManageDevice, DecideStranger, RevealReadKey, ReadOrg, SeeRegistrationKey, ReadConnector, TestConnector},
	Manager: {SeeDevice, ReadDevice, ManageDevice, MoveDevice, RetireDevice, DecideStranger, RevealReadKey, ReadOrg, ManageOrg, MoveOrg,
		ReadPeople, ManagePeople, InviteViewer, Share, SeeRegistrationKey, RevealRegistrationKey, ManageRegistrationKey, ReadConnector,
		TestConnector, ReadAudit, ManageAgent, RunCampaign, ReadService, MakeService, ManageService},
	Owner: {SeeDevice, ReadDevice, ManageDevice, MoveDevice, RetireDevice, TransferDevice, DecideStranger, RevealReadKey, ReadOrg, ManageOrg,
		MoveOrg, ReadPeople, ManagePeople, InviteViewer, AppointSupport, Share, SeeRegistrationKey, RevealRegistrationKey,
		ManageRegistrationKey, ReadConnector, TestConnector, MakeConnector, ManageConnector, ReadAudit, ExportAudit, ManageAgent, ManageCA,
		UploadFirmware, RunCampaign, ReadService, MakeService, ManageService, ManageRoles, ReviewAccess},
	Integrator: {SeeDevice, ReadDevice, ManageDevice, DecideStranger, ReadOrg, SeeRegistrationKey, ReadConnector, TestConnector, ManageAgent,
		ManageCA, UploadFirmware, MakeService},
	ConnectorOperator: {ReadOrg, ReadConnector, TestConnector, MakeConnector},
	Auditor:           {SeeDevice, ReadOrg, ReadPeople, SeeRegistrationKey, ReadConnector, ReadService, ReadAudit, ExportAudit},
	Support:           {ReadOrg, ReadPeople, Impersonate},
	PlatformAdmin: {SeeDevice, ManageDevice, MoveDevice, RetireDevice, TransferDevice, DecideStranger, ReadOrg, ManageOrg, MoveOrg, ReadPeople,
		ManagePeople, InviteViewer, AppointSupport, SeeRegistrationKey, ReadConnector, TestConnector, MakeConnector, ManageConnector, ReadAudit,
		ExportAudit, ReadService, MakeService, ManageService, ManageRoles, ReviewAccess, BreakGlass, AdministerPlatform},

	SetView:       {SeeDevice, ReadDevice, ReadOrg},
	SetReadKeys:   {RevealReadKey},
	SetOperate:    {ManageDevice, DecideStranger},
	SetMove:       {MoveDevice},
	SetInvite:     {InviteViewer},
	SetPeople:     {ReadPeople, ManagePeople},
	SetKeys:       {SeeRegistrationKey, RevealRegistrationKey, ManageRegistrationKey},
	SetConnectors: {ReadConnector, TestConnector},
	SetAgents:     {ManageAgent},
	SetServices:   {MakeService},
	SetAudit:      {ReadAudit},
}

// keeps holds the compiled policy against what was promised. Rules that a
// platform administrator added (extra) may change what a role is for, but never
// open a closed place, nor lock out those who could take them back.
func (t *table) keeps(extra []rule) error {
	for i, role := range catalogue {
		if i >= allowing {
			if t.gives[i] != 0 || t.denies[i] != everything {
				return fmt.Errorf("policies: %s does not close a place", role)
			}
			continue
		}
		if t.gives[i] == 0 {
			return fmt.Errorf("policies: no rule gives %s anything", role)
		}
		if slices.ContainsFunc(extra, func(r rule) bool { return r.role == role }) {
			continue
		}
		if got, want := t.gives[i], ActionsOf(promised[role]...); got != want {
			for a := range actionCount {
				if got.Has(a) != want.Has(a) {
					return fmt.Errorf("policies: %s and %s: the rules do not say what the role promises", role, a)
				}
			}
		}
	}
	admin, owner := t.may(bit(PlatformAdmin)), t.may(bit(Owner))
	switch {
	case !admin.Has(AdministerPlatform) || !owner.Has(ManagePeople) || !owner.Has(ReadOrg):
		return fmt.Errorf("policies: nobody could mend it any more")
	case admin&(1<<ReadDevice|1<<RevealReadKey|1<<RevealRegistrationKey) != 0:
		return fmt.Errorf("policies: the platform looks into homes")
	case owner.Has(AdministerPlatform):
		return fmt.Errorf("policies: an owner runs the platform")
	}
	return nil
}
