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

const allow, deny = "allow", "deny"

// shipped is the policy as it comes, role by role. A platform administrator sees
// to places and people and never into a household's values. A stopped place is
// closed to everybody. Casbin walks the lines one by one, so that there is never
// one for an organisation, a device or a tenant's own role.
var shipped = []rule{
	{Viewer, "device", "see", allow},
	{Viewer, "device", "read", allow},
	{Viewer, "org", "read", allow},

	{Member, "device", "see", allow},
	{Member, "device", "read", allow},
	{Member, "readkey", "reveal", allow},
	{Member, "org", "read", allow},

	{Operator, "device", "see", allow},
	{Operator, "device", "read", allow},
	{Operator, "device", "manage", allow},
	{Operator, "stranger", "decide", allow},
	{Operator, "readkey", "reveal", allow},
	{Operator, "org", "read", allow},
	{Operator, "regkey", "see", allow},
	{Operator, "connector", "read", allow},
	{Operator, "connector", "test", allow},

	{Manager, "device", "see", allow},
	{Manager, "device", "read", allow},
	{Manager, "device", "manage", allow},
	{Manager, "device", "move", allow},
	{Manager, "device", "retire", allow},
	{Manager, "stranger", "decide", allow},
	{Manager, "readkey", "reveal", allow},
	{Manager, "org", "*", allow},
	{Manager, "people", "read", allow},
	{Manager, "people", "manage", allow},
	{Manager, "people", "invite-viewer", allow},
	{Manager, "share", "manage", allow},
	{Manager, "regkey", "*", allow},
	{Manager, "connector", "read", allow},
	{Manager, "connector", "test", allow},
	{Manager, "audit", "read", allow},
	{Manager, "agent", "manage", allow},
	{Manager, "firmware", "run", allow},
	{Manager, "service", "*", allow},

	{Owner, "device", "*", allow},
	{Owner, "stranger", "*", allow},
	{Owner, "readkey", "*", allow},
	{Owner, "org", "*", allow},
	{Owner, "people", "*", allow},
	{Owner, "share", "*", allow},
	{Owner, "regkey", "*", allow},
	{Owner, "connector", "*", allow},
	{Owner, "audit", "*", allow},
	{Owner, "agent", "*", allow},
	{Owner, "ca", "*", allow},
	{Owner, "firmware", "*", allow},
	{Owner, "service", "*", allow},
	{Owner, "role", "manage", allow},
	{Owner, "review", "manage", allow},

	{Integrator, "device", "see", allow},
	{Integrator, "device", "read", allow},
	{Integrator, "device", "manage", allow},
	{Integrator, "stranger", "decide", allow},
	{Integrator, "org", "read", allow},
	{Integrator, "regkey", "see", allow},
	{Integrator, "connector", "read", allow},
	{Integrator, "connector", "test", allow},
	{Integrator, "agent", "manage", allow},
	{Integrator, "ca", "manage", allow},
	{Integrator, "firmware", "upload", allow},
	{Integrator, "service", "make", allow},

	{ConnectorOperator, "org", "read", allow},
	{ConnectorOperator, "connector", "read", allow},
	{ConnectorOperator, "connector", "test", allow},
	{ConnectorOperator, "connector", "make", allow},

	{Auditor, "org", "read", allow},
	{Auditor, "device", "see", allow},
	{Auditor, "people", "read", allow},
	{Auditor, "regkey", "see", allow},
	{Auditor, "connector", "read", allow},
	{Auditor, "service", "read", allow},
	{Auditor, "audit", "*", allow},

	{Support, "org", "read", allow},
	{Support, "people", "read", allow},
	{Support, "person", "impersonate", allow},

	{PlatformAdmin, "device", "see", allow},
	{PlatformAdmin, "device", "manage", allow},
	{PlatformAdmin, "device", "move", allow},
	{PlatformAdmin, "device", "retire", allow},
	{PlatformAdmin, "device", "transfer", allow},
	{PlatformAdmin, "stranger", "decide", allow},
	{PlatformAdmin, "org", "*", allow},
	{PlatformAdmin, "people", "*", allow},
	{PlatformAdmin, "regkey", "see", allow},
	{PlatformAdmin, "connector", "*", allow},
	{PlatformAdmin, "audit", "*", allow},
	{PlatformAdmin, "service", "*", allow},
	{PlatformAdmin, "role", "manage", allow},
	{PlatformAdmin, "review", "manage", allow},
	{PlatformAdmin, "secret", "break-glass", allow},
	{PlatformAdmin, "platform", "*", allow},

	{SetView, "org", "read", allow},
	{SetView, "device", "see", allow},
	{SetView, "device", "read", allow},
	{SetReadKeys, "readkey", "reveal", allow},
	{SetOperate, "device", "manage", allow},
	{SetOperate, "stranger", "decide", allow},
	{SetMove, "device", "move", allow},
	{SetInvite, "people", "invite-viewer", allow},
	{SetPeople, "people", "read", allow},
	{SetPeople, "people", "manage", allow},
	{SetKeys, "regkey", "*", allow},
	{SetConnectors, "connector", "read", allow},
	{SetConnectors, "connector", "test", allow},
	{SetAgents, "agent", "manage", allow},
	{SetServices, "service", "make", allow},
	{SetAudit, "audit", "read", allow},

	{stateSuspended, "*", "*", deny},
	{stateEnded, "*", "*", deny},
}

// adapter hands rules to Casbin. It only loads: who changes the policy makes a
// new one.
type adapter []rule

var errReadOnly = errors.New("policies: Casbin changes no rules")

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
