package policies

import (
	"errors"
	"fmt"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// table is the policy compiled: for each role the actions that it allows, for
// each pseudo-role those that it denies. Made once, read by every decision.
type table struct {
	gives  [len(catalogue)]Actions
	denies [len(catalogue)]Actions
}

// subject is who asks, as Casbin sees him: the roles that hold at the target.
type subject struct{ roles roles }

// tabulate asks Casbin about every role and action. A role without a rule, or a
// state that leaves something open, shows in what it gives (keeps looks at it).
func tabulate(e *casbin.Enforcer) (*table, error) {
	var t table
	const all = roles(1<<allowing - 1)
	for i, role := range catalogue {
		for a := range actionCount {
			alone, err := ask(e, bit(role), a)
			if err != nil {
				return nil, err
			}
			if alone {
				t.gives[i] |= 1 << a
			}
			if i < allowing {
				continue
			}
			among, err := ask(e, all|bit(role), a)
			if err != nil {
				return nil, err
			}
			if !among {
				t.denies[i] |= 1 << a
			}
		}
	}
	return &t, nil
}

// may says what the roles together allow, as Casbin would: allowed by one and
// denied by none.
func (t *table) may(r roles) (may Actions) {
	var denied Actions
	for i := range catalogue {
		if r&(1<<i) != 0 {
			may |= t.gives[i]
			denied |= t.denies[i]
		}
	}
	return may &^ denied
}

func enforcer(rules []rule) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	e, err := casbin.NewEnforcer(m, adapter(rules))
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	e.AddFunction("has", func(args ...any) (any, error) {
		s, ok := args[0].(*subject)
		role, named := args[1].(string)
		if !ok || !named {
			return false, errors.New("has wants a subject and a role")
		}
		return s.roles&bit(Role(role)) != 0, nil
	})
	return e, nil
}

// ask puts one question to Casbin. Without a rule, empty words would be allowed
// anything, so they never reach it.
func ask(e *casbin.Enforcer, r roles, a Action) (bool, error) {
	n := actionNames[a]
	if n.obj == "" || n.act == "" {
		return false, fmt.Errorf("policies: action %d has no name", a)
	}
	ok, err := e.Enforce(&subject{r}, n.obj, n.act)
	if err != nil {
		return false, fmt.Errorf("policies: ask whether %08b may %s: %w", r, a, err)
	}
	return ok, nil
}
