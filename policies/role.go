package policies

import (
	"slices"
	"strings"

	"halfkey/iam/fault"
)

// Role is what somebody is in an organisation: one of the catalogue, or
// "custom:" and the id of a bundle that a tenant has put together.
type Role string

// The roles of the catalogue. A platform administrator holds his on the root.
const (
	Viewer            Role = "viewer"   // sees devices and values
	Member            Role = "member"   // belongs: gets what the organisation gives its members
	Operator          Role = "operator" // looks after devices
	Manager           Role = "manager"
	Owner             Role = "owner"
	Integrator        Role = "integrator" // brings agents and firmware
	ConnectorOperator Role = "connector-operator"
	Auditor           Role = "auditor" // sees who did what and no value
	Support           Role = "support" // looks through another's eyes
	PlatformAdmin     Role = "platform-admin"
)

// Permission sets are what custom roles are made of.
const (
	SetView       Role = "set:view"
	SetReadKeys   Role = "set:read-keys"
	SetOperate    Role = "set:operate"
	SetMove       Role = "set:move"
	SetInvite     Role = "set:invite-viewers"
	SetPeople     Role = "set:people"
	SetKeys       Role = "set:registration-keys"
	SetConnectors Role = "set:connectors"
	SetAgents     Role = "set:agents"
	SetServices   Role = "set:services"
	SetAudit      Role = "set:audit"
)

// Pseudo-roles: what a place's state adds to everyone who asks about it. Only
// rules that deny name them.
const (
	stateSuspended Role = "state:suspended"
	stateEnded     Role = "state:ended" // before its first day or after its last
)

// ErrRole says that there is no such role to be given.
var ErrRole = fault.New(fault.Unprocessable, "role-unknown", "There is no such role to be given here.")

const customPrefix = "custom:"

// Custom reports whether the role is a tenant's own bundle.
func (r Role) Custom() bool { return strings.HasPrefix(string(r), customPrefix) }

// catalogue gives each role, permission set and pseudo-role its bit.
var catalogue = [...]Role{
	Viewer, Member, Operator, Manager, Owner, Integrator, ConnectorOperator, Auditor, Support, PlatformAdmin,
	SetView, SetReadKeys, SetOperate, SetMove, SetInvite, SetPeople, SetKeys, SetConnectors, SetAgents, SetServices, SetAudit,
	stateSuspended, stateEnded,
}

// How many of the catalogue are roles, and how many roles or permission sets;
// the rest are states.
const (
	realRoles = 10
	allowing  = 21
)

// Roles lists the catalogue's roles, Sets what a custom role can be made of.
func Roles() []Role { return slices.Clone(catalogue[:realRoles]) }
func Sets() []Role  { return slices.Clone(catalogue[realRoles:allowing]) }

// ParseRole takes a role by its name: one of the catalogue, or a custom one
// that may or may not exist.
func ParseRole(s string) (Role, error) {
	r := Role(s)
	if slices.Contains(catalogue[:realRoles], r) || r.Custom() && len(s) == len(customPrefix)+20 {
		return r, nil
	}
	return "", ErrRole
}

// roles is a set of roles, permission sets and pseudo-roles.
type roles uint32

func bit(r Role) roles {
	for i, known := range catalogue {
		if known == r {
			return 1 << i
		}
	}
	return 0 // a role that a later version knows gives nothing here
}

// atRoot tells which roles can be held on the platform itself, elsewhere which not.
func (r Role) atRoot() bool {
	return slices.Contains([]Role{PlatformAdmin, Support, Auditor, ConnectorOperator}, r)
}

// delegable roles can be lent to a deputy.
func (r Role) delegable() bool { return slices.Contains([]Role{Viewer, Member, Operator, Manager}, r) }

// apart are roles that nobody holds together in one tenant: who audits does not
// act, who looks through others' eyes does not run the platform.
var apart = map[Role][]Role{
	Auditor:       {Owner, Manager, Operator},
	Owner:         {Auditor},
	Manager:       {Auditor},
	Operator:      {Auditor},
	Support:       {PlatformAdmin},
	PlatformAdmin: {Support},
}
