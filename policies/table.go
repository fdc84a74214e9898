package policies

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// table is the policy compiled: for each role and pseudo-role the actions that
// its rules allow and those that they deny. Made once, read by every decision.
type table struct {
	gives  [len(catalogue)]Actions
	denies [len(catalogue)]Actions
}

// subject is who asks, as Casbin sees him: the roles that hold at the target.
type subject struct{ roles roles }

// tabulate asks Casbin what each role allows by itself, by that role's rules
// alone, since it walks all that it has at every question; and notes which rules
// deny: those count for whoever holds the role, whatever else he holds.
func tabulate(rules []rule) (*table, error) {
	var t table
	for i, role := range catalogue {
		var allows []rule
		for _, r := range rules {
			if r.role == role && r.effect != deny {
				allows = append(allows, r)
			}
		}
		e, err := enforcer(allows)
		if err != nil {
			return nil, err
		}
		for a := range actionCount {
			if len(allows) > 0 {
				may, _, err := ask(e, bit(role), a)
				if err != nil {
					return nil, err
				}
				if may {
					t.gives[i] |= 1 << a
				}
			}
			if slices.ContainsFunc(rules, func(r rule) bool { return r.effect == deny && r.role == role && r.covers(a) }) {
				t.denies[i] |= 1 << a
			}
		}
	}
	return &t, nil
}

// covers tells whether the rule is about an action.
func (r rule) covers(a Action) bool {
	n := actionNames[a]
	return (r.obj == "*" || r.obj == n.obj) && (r.act == "*" || r.act == n.act)
}

// may says what the roles together allow, as Casbin would: allowed by one and
// denied by none.
func (t *table) may(r roles) Actions { return t.allowed(r) &^ t.denied(r) }

func (t *table) allowed(r roles) (may Actions) { return union(&t.gives, r) }

func (t *table) denied(r roles) (denied Actions) { return union(&t.denies, r) }

func union(of *[len(catalogue)]Actions, r roles) (all Actions) {
	for ; r != 0; r &= r - 1 {
		all |= of[bits.TrailingZeros32(uint32(r))]
	}
	return all
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

// judges are Casbin, by object: it walks every line that it has at each question,
// so each object's judge has the lines about that object alone, and those about
// everything.
type judges map[string]*casbin.Enforcer

func newJudges(rules []rule) (judges, error) {
	by := judges{}
	for _, n := range actionNames {
		if by[n.obj] != nil {
			continue
		}
		var about []rule
		for _, r := range rules {
			if r.obj == "*" || r.obj == n.obj {
				about = append(about, r)
			}
		}
		e, err := enforcer(about)
		if err != nil {
			return nil, err
		}
		by[n.obj] = e
	}
	return by, nil
}

func (j judges) ask(r roles, a Action) (may bool, rule []string, err error) {
	return ask(j[actionNames[a].obj], r, a)
}

// ask puts one question to Casbin: may these roles together do it, and which line
// says so. Without a rule, empty words would be allowed anything, so they never
// reach it.
func ask(e *casbin.Enforcer, r roles, a Action) (may bool, rule []string, err error) {
	n := actionNames[a]
	if n.obj == "" || n.act == "" {
		return false, nil, fmt.Errorf("policies: action %d has no name", a)
	}
	may, rule, err = e.EnforceEx(&subject{r}, n.obj, n.act)
	if err != nil {
		return false, nil, fmt.Errorf("policies: ask whether %08b may %s: %w", r, a, err)
	}
	return may, rule, nil
}
