package policies

import "halfkey/iam/fault"

// Role is what somebody is in an organisation.
type Role string

// The roles that can be held. A platform administrator holds his on the root.
const (
	Owner         Role = "owner"
	Manager       Role = "manager"
	Member        Role = "member"
	PlatformAdmin Role = "platform-admin"
)

// Pseudo-roles: what a place's state adds to everyone who asks about it. Only
// rules that deny name them.
const (
	stateSuspended Role = "state:suspended"
	stateEnded     Role = "state:ended" // before its first day or after its last
)

// ErrRole says that there is no such role to be given.
var ErrRole = fault.New(fault.Unprocessable, "role-unknown", "Choose one of the roles: member, manager or owner.")

// ParseRole takes a role that one may give in an organisation.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case Owner, Manager, Member:
		return r, nil
	}
	return "", ErrRole
}

// catalogue gives each role and pseudo-role its bit.
var catalogue = [...]Role{Owner, Manager, Member, PlatformAdmin, stateSuspended, stateEnded}

const realRoles = 4 // of the catalogue; the rest are states

// roles is a set of roles and pseudo-roles.
type roles uint8

func bit(r Role) roles {
	for i, known := range catalogue {
		if known == r {
			return 1 << i
		}
	}
	return 0 // a role that a later version knows gives nothing here
}
