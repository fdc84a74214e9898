package orgs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestThePlatformListsOrganisationsAndPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		for _, name := range []string{"Moe's", "the Flanders", "Über Öl", "The Z", "Kwik-E-Mart"} {
			_, err := h.NewOrg(h.admin, h.root, name, "")
			h.ok(err)
		}
		h.join("marge", h.household, policies.Member)
		h.device(h.household, "Cellar")
		tenants := func(f orgs.TenantFilter) (names []string) {
			t.Helper()
			for f.Limit = 2; ; {
				some, err := h.Tenants(h.admin, f)
				h.ok(err)
				for _, o := range some {
					names = append(names, o.Name)
					if o.Name == "The Simpsons" && (o.People != 2 || o.Devices != 1) {
						t.Errorf("The Simpsons have %d people and %d devices", o.People, o.Devices)
					}
				}
				if len(some) < f.Limit {
					return names
				}
				f.After = some[len(some)-1].ID
			}
		}
		if all := tenants(orgs.TenantFilter{}); strings.Join(all, ", ") != "Kwik-E-Mart, Moe's, the Flanders, The Simpsons, The Z, "+"Über Öl" {
			t.Errorf("%q", all)
		}
		if some := tenants(orgs.TenantFilter{Find: "THE "}); !slices.Equal(some, []string{"the Flanders", "The Simpsons", "The Z"}) {
			t.Errorf("%q", some)
		}
		if some := tenants(orgs.TenantFilter{Find: "the-s"}); !slices.Equal(some, []string{"The Simpsons"}) {
			t.Errorf("by its slug: %q", some)
		}
		h.ok(h.Suspend(h.admin, h.simpsons, orgs.With{}))
		if some := tenants(orgs.TenantFilter{State: orgs.Suspended}); !slices.Equal(some, []string{"The Simpsons"}) {
			t.Errorf("suspended: %q", some)
		}
		if o, err := h.TenantListed(h.admin, h.simpsons); err != nil || o.State != orgs.Suspended || o.People != 2 {
			t.Errorf("%+v %v", o, err)
		}
		h.ok(h.Resume(h.admin, h.simpsons, orgs.With{}))
		_, err := h.TenantListed(h.admin, h.household)
		h.wants(err, policies.ErrHidden)

		people := func(f orgs.AccountFilter) (names []string) {
			t.Helper()
			for f.Limit = 1; ; {
				some, err := h.Accounts(h.admin, f)
				h.ok(err)
				for _, a := range some {
					var roles []string
					for _, s := range a.Seats {
						roles = append(roles, string(s.Role)+" of "+s.OrgName)
					}
					names = append(names, fmt.Sprintf("%s: %s", a.Name, strings.Join(roles, ", ")))
				}
				if len(some) < f.Limit {
					return names
				}
				f.After = some[len(some)-1].ID
			}
		}
		if all := people(orgs.AccountFilter{}); !slices.Equal(all, []string{"Admin: platform-admin of Platform", "Homer: owner of The Simpsons, member of The Simpsons", "marge: member of Household"}) {
			t.Errorf("%q", all)
		}
		if some := people(orgs.AccountFilter{Find: "MARGE@s"}); !slices.Equal(some, []string{"marge: member of Household"}) {
			t.Errorf("by address: %q", some)
		}
		if some := people(orgs.AccountFilter{Find: "ho"}); !slices.Equal(some, []string{"Homer: owner of The Simpsons, member of The Simpsons"}) {
			t.Errorf("by name: %q", some)
		}
		if some := people(orgs.AccountFilter{Off: true}); len(some) != 0 {
			t.Errorf("off: %q", some)
		}
		for _, who := range []iam.UserID{h.homerID, ""} {
			_, err := h.Tenants(h.as(who), orgs.TenantFilter{Limit: 1})
			h.wants(err, policies.ErrHidden)
			_, err = h.Accounts(h.as(who), orgs.AccountFilter{Limit: 1})
			h.wants(err, policies.ErrHidden)
			_, err = h.AccountOf(h.as(who), h.homerID)
			h.wants(err, policies.ErrHidden)
			_, _, _, err = h.Count(h.as(who))
			h.wants(err, policies.ErrHidden)
		}
		if n, people, devices, err := h.Count(h.admin); n != 6 || people != 3 || devices != 1 || err != nil {
			t.Errorf("%d organisations, %d people, %d devices, %v", n, people, devices, err)
		}
	})
}
