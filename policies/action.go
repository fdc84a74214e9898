package policies

// Action is something that one may want to do in an organisation.
type Action uint8

// The actions that this house knows. Each is an object and a verb in the rules.
const (
	ReadDevice            Action = iota // see devices, their state and their values
	ManageDevice                        // rename, suspend, resume
	MoveDevice                          // to another organisation
	RetireDevice                        //
	DecideStranger                      // accept, decline, block who calls
	RevealReadKey                       // one's own read key of a channel
	ReadOrg                             // know that the organisation exists
	ManageOrg                           // rename, make organisations below
	ReadPeople                          //
	ManagePeople                        // invite, end roles
	SeeRegistrationKey                  // that it exists, how often it was used
	RevealRegistrationKey               // both halves, on the record
	ManageRegistrationKey               // make, replace, revoke, list serials
	ReadConnector                       //
	ManageConnector                     //
	ReadAudit                           //
	AdministerPlatform                  //
	actionCount
)

var actionNames = [actionCount]struct{ obj, act string }{
	ReadDevice:            {"device", "read"},
	ManageDevice:          {"device", "manage"},
	MoveDevice:            {"device", "move"},
	RetireDevice:          {"device", "retire"},
	DecideStranger:        {"stranger", "decide"},
	RevealReadKey:         {"readkey", "reveal"},
	ReadOrg:               {"org", "read"},
	ManageOrg:             {"org", "manage"},
	ReadPeople:            {"people", "read"},
	ManagePeople:          {"people", "manage"},
	SeeRegistrationKey:    {"regkey", "see"},
	RevealRegistrationKey: {"regkey", "reveal"},
	ManageRegistrationKey: {"regkey", "manage"},
	ReadConnector:         {"connector", "read"},
	ManageConnector:       {"connector", "manage"},
	ReadAudit:             {"audit", "read"},
	AdministerPlatform:    {"platform", "administer"},
}

// String is the action as the rules name it, e.g. "device:read".
func (a Action) String() string { return actionNames[a].obj + ":" + actionNames[a].act }

// actions is a set of them.
type actions uint32

func (s actions) has(a Action) bool { return s&(1<<a) != 0 }
