package orgs_test

import (
	"testing"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestARoleOfOnesOwnIsCountedWhereItIsHeld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		marge := h.join("marge", h.household, policies.Member)
		role, err := h.MakeCustomRole(h.homer, h.simpsons, "Caretaker", []string{"set:view", "set:operate"})
		h.ok(err)
		held := func(want int) {
			t.Helper()
			uses, err := h.RoleUses(h.homer, h.simpsons)
			if err != nil || uses[role.Role] != want {
				t.Errorf("%v %v, want %d", uses, err, want)
			}
		}
		held(0)
		id, err := h.GiveRole(h.homer, orgs.RoleRequest{Org: h.household, To: "marge@simps.net", Role: string(role.Role)})
		h.ok(err)
		held(1)
		h.ok(h.EndRole(h.homer, id, orgs.With{}))
		held(0)
		_, err = h.RoleUses(marge, h.simpsons)
		h.wants(err, policies.ErrHidden)
	})
}
