package policies

import "halfkey/iam/fault"

// Action is something that one may want to do in an organisation.
type Action uint8

// The actions that this house knows. Each is an object and a verb in the rules.
const (
	SeeDevice    Action = iota // that it exists, its name, its state
	ReadDevice                 // its values as well
	ManageDevice               // rename, rotate its key, suspend, resume
	MoveDevice                 // to another organisation of its tenant
	RetireDevice
	TransferDevice // to another tenant
	DecideStranger // accept, decline, block who calls
	RevealReadKey  // one's own read key of a channel
	ReadOrg        // know that the organisation exists
	ManageOrg      // rename, settle, make organisations below
	MoveOrg        // below another parent, close, open again
	ReadPeople
	ManagePeople          // invite, give and end roles
	InviteViewer          // invite as viewer, and nothing more
	AppointSupport        // name who may look through another's eyes
	Share                 // let other people or organisations in, for a time
	SeeRegistrationKey    // that it exists, how often it was used
	RevealRegistrationKey // both halves, on the record
	ManageRegistrationKey // make, replace, revoke, list serials
	ReadConnector
	TestConnector // and reconcile what it keeps
	MakeConnector
	ManageConnector // replace its secret, delete it; account keys
	ReadAudit
	ExportAudit
	ManageAgent    // create, edit, board, offboard
	ManageCA       // a tenant's certificate authorities
	UploadFirmware // and sign
	RunCampaign    // start, halt and end the roll-out of firmware
	ReadService    // service accounts
	MakeService    // and look after those that one made
	ManageService  // of anybody
	ManageRoles    // a tenant's own bundles of permissions
	ReviewAccess   // ask who shall keep what he holds
	Impersonate    // look through another's eyes, read only
	BreakGlass     // see a secret that no role shows, and be seen doing it
	AdministerPlatform
	actionCount
)

var actionNames = [actionCount]struct{ obj, act string }{
	SeeDevice:             {"device", "see"},
	ReadDevice:            {"device", "read"},
	ManageDevice:          {"device", "manage"},
	MoveDevice:            {"device", "move"},
	RetireDevice:          {"device", "retire"},
	TransferDevice:        {"device", "transfer"},
	DecideStranger:        {"stranger", "decide"},
	RevealReadKey:         {"readkey", "reveal"},
	ReadOrg:               {"org", "read"},
	ManageOrg:             {"org", "manage"},
	MoveOrg:               {"org", "move"},
	ReadPeople:            {"people", "read"},
	ManagePeople:          {"people", "manage"},
	InviteViewer:          {"people", "invite-viewer"},
	AppointSupport:        {"people", "appoint-support"},
	Share:                 {"share", "manage"},
	SeeRegistrationKey:    {"regkey", "see"},
	RevealRegistrationKey: {"regkey", "reveal"},
	ManageRegistrationKey: {"regkey", "manage"},
	ReadConnector:         {"connector", "read"},
	TestConnector:         {"connector", "test"},
	MakeConnector:         {"connector", "make"},
	ManageConnector:       {"connector", "manage"},
	ReadAudit:             {"audit", "read"},
	ExportAudit:           {"audit", "export"},
	ManageAgent:           {"agent", "manage"},
	ManageCA:              {"ca", "manage"},
	UploadFirmware:        {"firmware", "upload"},
	RunCampaign:           {"firmware", "run"},
	ReadService:           {"service", "read"},
	MakeService:           {"service", "make"},
	ManageService:         {"service", "manage"},
	ManageRoles:           {"role", "manage"},
	ReviewAccess:          {"review", "manage"},
	Impersonate:           {"person", "impersonate"},
	BreakGlass:            {"secret", "break-glass"},
	AdministerPlatform:    {"platform", "administer"},
}

// String is the action as the rules name it, e.g. "device:read".
func (a Action) String() string { return actionNames[a].obj + ":" + actionNames[a].act }

// AllActions lists every action, in the order in which this house knows them.
func AllActions() []Action {
	all := make([]Action, actionCount)
	for a := range actionCount {
		all[a] = a
	}
	return all
}

// ErrAction says that nothing of that name can be done.
var ErrAction = fault.New(fault.Unprocessable, "action-unknown", "There is no such action. Write it like device:read.")

// ParseAction takes an action as String writes it.
func ParseAction(s string) (Action, error) {
	for a := range actionCount {
		if a.String() == s {
			return a, nil
		}
	}
	return 0, ErrAction
}

// Actions is a set of them.
type Actions uint64

// ActionsOf is the set of all that are named.
func ActionsOf(all ...Action) (s Actions) {
	for _, a := range all {
		s |= 1 << a
	}
	return s
}

// Has reports whether a is in the set.
func (s Actions) Has(a Action) bool { return s&(1<<a) != 0 }

// Sets with a name of their own.
const (
	everything = Actions(1<<actionCount - 1)
	// Looking changes nothing and shows no key.
	Looking = Actions(1<<SeeDevice | 1<<ReadDevice | 1<<ReadOrg | 1<<ReadPeople | 1<<SeeRegistrationKey | 1<<ReadConnector | 1<<ReadAudit | 1<<ReadService)
	// Viewing is what a private place keeps from those above it, but from roles that look in.
	Viewing = Actions(1<<SeeDevice | 1<<ReadDevice | 1<<RevealReadKey | 1<<ReadAudit)
)
