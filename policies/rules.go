package policies

import (
	"errors"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// casbinModel has no g: Casbin remembers every answer of g for ever. Who holds
// which role is resolved before, for the organisation in question, and has()
// only looks into the set that came with the request.
const casbinModel = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = role, obj, act, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (p.obj == "*" || r.obj == p.obj) && (p.act == "*" || r.act == p.act) && has(r.sub, p.role)
`

// rule is one line of the policy.
type rule struct {
	role     Role
	obj, act string
	effect   string
}

// shipped is the whole policy. An owner may everything in his organisation; a
// manager everything but what would change who pays and who owns. A platform
// administrator sees to places and people and never into a household's values.
// A stopped place is closed to everybody.
var shipped = []rule{
	{Owner, "device", "*", "allow"},
	{Owner, "stranger", "*", "allow"},
	{Owner, "readkey", "*", "allow"},
	{Owner, "org", "*", "allow"},
	{Owner, "people", "*", "allow"},
	{Owner, "regkey", "*", "allow"},
	{Owner, "connector", "*", "allow"},
	{Owner, "audit", "read", "allow"},

	{Manager, "device", "*", "allow"},
	{Manager, "stranger", "*", "allow"},
	{Manager, "readkey", "*", "allow"},
	{Manager, "org", "*", "allow"},
	{Manager, "people", "*", "allow"},
	{Manager, "regkey", "*", "allow"},
	{Manager, "connector", "read", "allow"},
	{Manager, "audit", "read", "allow"},

	{Member, "device", "read", "allow"},
	{Member, "readkey", "reveal", "allow"},
	{Member, "org", "read", "allow"},

	{PlatformAdmin, "org", "*", "allow"},
	{PlatformAdmin, "people", "*", "allow"},
	{PlatformAdmin, "regkey", "see", "allow"},
	{PlatformAdmin, "connector", "*", "allow"},
	{PlatformAdmin, "audit", "read", "allow"},
	{PlatformAdmin, "platform", "*", "allow"},

	{stateSuspended, "*", "*", "deny"},
	{stateEnded, "*", "*", "deny"},
}

// adapter hands rules to Casbin. It only loads: what changes a policy is a new
// Decider.
type adapter []rule

var errReadOnly = errors.New("policies: the rules are part of the program")

func (a adapter) LoadPolicy(m model.Model) error {
	for _, r := range a {
		if err := persist.LoadPolicyArray([]string{"p", string(r.role), r.obj, r.act, r.effect}, m); err != nil {
			return err
		}
	}
	return nil
}

func (adapter) SavePolicy(model.Model) error                              { return errReadOnly }
func (adapter) AddPolicy(string, string, []string) error                  { return errReadOnly }
func (adapter) RemovePolicy(string, string, []string) error               { return errReadOnly }
func (adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }
