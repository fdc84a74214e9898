package policies

import (
	"slices"
	"testing"
)

// promised is what each role is for, written down a second time: a rule that
// changes it by accident fails here.
var promised = map[Role][]Action{
	Owner: {ReadDevice, ManageDevice, MoveDevice, RetireDevice, DecideStranger, RevealReadKey, ReadOrg, ManageOrg, ReadPeople, ManagePeople,
		SeeRegistrationKey, RevealRegistrationKey, ManageRegistrationKey, ReadConnector, ManageConnector, ReadAudit},
	Manager: {ReadDevice, ManageDevice, MoveDevice, RetireDevice, DecideStranger, RevealReadKey, ReadOrg, ManageOrg, ReadPeople, ManagePeople,
		SeeRegistrationKey, RevealRegistrationKey, ManageRegistrationKey, ReadConnector, ReadAudit},
	Member:         {ReadDevice, RevealReadKey, ReadOrg},
	PlatformAdmin:  {ReadOrg, ManageOrg, ReadPeople, ManagePeople, SeeRegistrationKey, ReadConnector, ManageConnector, ReadAudit, AdministerPlatform},
	stateSuspended: {},
	stateEnded:     {},
}

func TestEachRoleMayExactlyWhatItPromises(t *testing.T) {
	table, err := compile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range promised {
		for a := range actionCount {
			if got := table.may(bit(role)).has(a); got != slices.Contains(want, a) {
				t.Errorf("%s may %s: %v", role, a, got)
			}
		}
	}
}

// Every combination of roles and states: the compiled table and Casbin itself
// must say the same.
func TestTableIsCasbin(t *testing.T) {
	table, err := compile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	e, err := enforcer(shipped)
	if err != nil {
		t.Fatal(err)
	}
	for r := range roles(1 << len(catalogue)) {
		for a := range actionCount {
			want, err := ask(e, r, a)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.may(r).has(a); got != want {
				t.Errorf("roles %06b, %s: the table says %v, Casbin %v", r, a, got, want)
			}
		}
	}
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
			if _, err := compile(rules); err == nil {
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
		if err == nil && (bit(r) == 0 || r == PlatformAdmin || bit(r) >= 1<<realRoles) {
			t.Errorf("%q can be given", s)
		}
	})
}
