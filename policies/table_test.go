package policies

import (
	"slices"
	"testing"
)

// What each role of the catalogue may do is written down twice in the program
// (rules and promise); this is the catalogue as the paper has it, a third time.
func TestCatalogueIsAsAgreed(t *testing.T) {
	p, err := newPolicy(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	table := p.table
	for act, want := range map[Action][]Role{
		ReadDevice:            {Viewer, Member, Operator, Manager, Owner, Integrator, SetView},
		RevealReadKey:         {Member, Operator, Manager, Owner, SetReadKeys},
		ManageDevice:          {Operator, Manager, Owner, Integrator, PlatformAdmin, SetOperate},
		TransferDevice:        {Owner, PlatformAdmin},
		RevealRegistrationKey: {Manager, Owner, SetKeys},
		ManageConnector:       {Owner, PlatformAdmin},
		ExportAudit:           {Owner, Auditor, PlatformAdmin},
		Impersonate:           {Support},
		BreakGlass:            {PlatformAdmin},
		UploadFirmware:        {Owner, Integrator},
		RunCampaign:           {Owner, Manager},
	} {
		for _, role := range catalogue[:allowing] {
			if got := table.may(bit(role)).Has(act); got != slices.Contains(want, role) {
				t.Errorf("%s may %s: %v", role, act, got)
			}
		}
	}
}

// Every pair of roles, permission sets and states, and the whole: the compiled table and Casbin itself
// must say the same.
func TestTableIsCasbin(t *testing.T) {
	p, err := newPolicy(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	table, casbin := p.table, p.casbin
	for _, r := range samples() {
		for a := range actionCount {
			want, _, err := casbin.ask(r, a)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.may(r).Has(a); got != want {
				t.Errorf("roles %023b, %s: the table says %v, Casbin %v", r, a, got, want)
			}
		}
	}
}

func samples() (all []roles) {
	all = append(all, 0, 1<<len(catalogue)-1)
	for i := range catalogue {
		for j := range i + 1 {
			all = append(all, 1<<i|1<<j)
		}
	}
	return all
}

func TestABrokenPolicyDoesNotStart(t *testing.T) {
	without := func(drop func(rule) bool) []rule { return slices.DeleteFunc(slices.Clone(shipped), drop) }
	for name, rules := range map[string][]rule{
		"empty":                         nil,
		"no rule for members":           without(func(r rule) bool { return r.role == Member }),
		"suspended is open":             without(func(r rule) bool { return r.role == stateSuspended }),
		"ended leaves devices":          append(without(func(r rule) bool { return r.role == stateEnded }), rule{stateEnded, "org", "*", "deny"}),
		"owners run the platform":       append(slices.Clone(shipped), rule{Owner, "platform", "*", "allow"}),
		"members invite":                append(slices.Clone(shipped), rule{Member, "people", "manage", "allow"}),
		"the platform looks into homes": append(slices.Clone(shipped), rule{PlatformAdmin, "device", "read", "allow"}),
	} {
		t.Run(name, func(t *testing.T) {
			table, err := tabulate(rules)
			if err == nil && table.keeps(nil) == nil {
				t.Error("it started")
			}
		})
	}
}

func TestRulesCannotBeChangedThroughCasbin(t *testing.T) {
	e, err := enforcer(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SavePolicy(); err == nil {
		t.Error("saved")
	}
	if ok, err := e.AddPolicy("member", "*", "*", "allow"); ok && err == nil {
		t.Error("added")
	}
}

func FuzzParseRole(f *testing.F) {
	for _, s := range []string{"owner", "manager", "member", "platform-admin", "state:suspended", "", "Owner"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRole(s)
		if err == nil && (bit(r) >= 1<<realRoles || bit(r) == 0 && !r.Custom()) {
			t.Errorf("%q can be given", s)
		}
	})
}
