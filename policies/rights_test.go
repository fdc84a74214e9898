package policies

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func (w *town) may(t *testing.T, who iam.UserID, act Action, org iam.OrgID, device iam.DeviceID, want error) {
	t.Helper()
	if err := w.require(w.as(who), act, know(device), org, device); !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", act, err, want)
	}
}

func know(device iam.DeviceID) Action {
	if device != "" {
		return SeeDevice
	}
	return ReadOrg
}

func (w *town) bump() { w.exec("UPDATE authz_version SET version = version + 1") }

func TestADeputyEndsWithWhomHeStandsInFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		sunday := w.now().Add(48 * time.Hour)
		owner := w.seat(w.homer, Owner)
		lend := Grant{Subject: w.nobody, Role: Operator, Org: w.household, Source: Deputy, Lent: owner, By: w.homer, Until: sunday}
		lent := w.must(w.give(lend))
		w.may(t, w.nobody, ManageDevice, w.household, "", nil)
		w.may(t, w.nobody, ManageDevice, w.plant, "", ErrHidden)
		for name, g := range map[string]Grant{
			"lends an owner's role":   {Subject: w.nobody, Role: Owner, Org: w.household, Source: Deputy, Lent: owner, By: w.homer},
			"lends what is another's": {Subject: w.nobody, Role: Viewer, Org: w.household, Source: Deputy, Lent: w.seat(w.bart, Manager), By: w.homer},
			"lends beside his own":    {Subject: w.nobody, Role: Viewer, Org: w.moes, Source: Deputy, Lent: owner, By: w.homer},
			"lends what was lent":     {Subject: w.marge, Role: Viewer, Org: w.household, Source: Deputy, Lent: lent, By: w.nobody},
			"lends more than he has":  {Subject: w.nobody, Role: Manager, Org: w.household, Source: Deputy, Lent: w.seat(w.marge, Member), By: w.marge},
		} {
			if _, err := w.give(g); !errors.Is(err, ErrLent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.pass(48 * time.Hour)
		w.may(t, w.nobody, ReadOrg, w.household, "", ErrHidden) // at the minute, nothing was written
		lend.Until = time.Time{}
		w.must(w.give(lend))
		w.may(t, w.nobody, ManageDevice, w.household, "", nil)
		w.exec("UPDATE users SET state = 'disabled' WHERE id = ?", string(w.homer))
		w.bump()
		w.may(t, w.nobody, ManageDevice, w.household, "", ErrHidden)
	})
}

func TestOneDeviceAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		cellar, attic := iam.DeviceID(iam.NewID()), iam.DeviceID(iam.NewID())
		w.must(w.give(Grant{Subject: w.moe, Role: Viewer, Org: w.household, Device: cellar, Source: Shared, By: w.bart}))
		w.may(t, w.moe, ReadDevice, w.household, cellar, nil)
		w.may(t, w.moe, RevealReadKey, w.household, cellar, ErrRefused)
		w.may(t, w.moe, ReadDevice, w.household, attic, ErrHidden)
		w.may(t, w.moe, ReadOrg, w.household, "", ErrHidden)
		s, err := w.Scope(w.as(w.moe), ReadDevice)
		if err != nil || !s.HasDevice(w.household, cellar) || s.HasDevice(w.household, attic) || s.Has(w.household) || !s.Has(w.moes) {
			t.Errorf("%+v %v", s, err)
		}
		who, err := w.WhoMay(t.Context(), w.db, ReadDevice, w.household, cellar)
		if err != nil || len(who) != 4 {
			t.Errorf("%v %v", who, err)
		}
		if _, err := w.give(Grant{Subject: w.nobody, Role: Viewer, Org: w.household, Device: cellar, Source: Shared, By: w.moe}); !errors.Is(err, ErrHidden) {
			t.Errorf("what was shared is shared on: %v", err)
		}
		if _, err := w.give(Grant{Subject: w.moe, Role: Manager, Org: w.household, Source: Shared, By: w.homer}); !errors.Is(err, ErrRole) {
			t.Errorf("a manager by share: %v", err)
		}
	})
}

func TestWhatATeamHoldsItsPeopleHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		w.must(w.give(Grant{SubjectType: Team, Subject: iam.UserID(w.moes), Role: Member, Org: w.plant, Source: Shared, By: w.homer}))
		w.may(t, w.moe, RevealReadKey, w.plant, "", nil)
		w.may(t, w.marge, ReadOrg, w.plant, "", ErrHidden)
		guest := w.must(w.give(Grant{Subject: w.nobody, Role: Viewer, Org: w.moes, Source: Shared, By: w.moe}))
		w.may(t, w.nobody, ReadOrg, w.plant, "", ErrHidden) // a guest is none of its own
		if err := w.end(w.moe, guest); err != nil {
			t.Error(err)
		}
	})
}

func TestAPrivateRoom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		room := w.org(w.household, "plain")
		chest := w.org(room, "plain")
		w.must(w.give(Grant{Subject: w.nobody, Role: Member, Org: room, By: w.homer}))
		w.exec("UPDATE orgs SET private = TRUE WHERE id = ?", string(room))
		w.bump()
		for _, at := range []iam.OrgID{room, chest} {
			w.may(t, w.bart, ReadDevice, at, "", ErrRefused) // a manager above
			w.may(t, w.bart, ReadOrg, at, "", nil)
			w.may(t, w.homer, ReadDevice, at, "", nil) // its owner
			w.may(t, w.nobody, ReadDevice, at, "", nil)
		}
		w.may(t, w.bart, ReadDevice, w.household, "", nil)
		for who, want := range map[iam.UserID][2]bool{w.bart: {true, false}, w.homer: {true, true}, w.nobody: {false, true}} {
			s, err := w.Scope(w.as(who), ReadDevice)
			if err != nil || s.Has(w.household) != want[0] || s.Has(chest) != want[1] {
				t.Errorf("%+v %v", s, err)
			}
			var listed []iam.OrgID
			if err := s.Filter(w.db.Table("orgs"), "id", "tenant_id").Where("id IN ?", []string{string(w.household), string(chest)}).Pluck("id", &listed).Error; err != nil {
				t.Fatal(err)
			}
			if n := len(listed); n != count(want) {
				t.Errorf("the list has %d", n)
			}
		}
	})
}

func count(b [2]bool) (n int) {
	for _, yes := range b {
		if yes {
			n++
		}
	}
	return n
}

func TestATenantsOwnRole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		id := iam.NewID()
		w.exec("INSERT INTO custom_roles (id, tenant_id, name, sets, created_by, created_at) VALUES (?, ?, 'Gardener', ?, ?, 0)",
			id, string(w.simpsons), string(SetView+" "+SetOperate), string(w.homer))
		gardener := Role("custom:" + id)
		w.must(w.give(Grant{Subject: w.nobody, Role: gardener, Org: w.household, By: w.homer}))
		w.may(t, w.nobody, ManageDevice, w.household, "", nil)
		w.may(t, w.nobody, MoveDevice, w.household, "", ErrRefused)
		if _, err := w.give(Grant{Subject: w.nobody, Role: gardener, Org: w.moes, By: w.moe}); !errors.Is(err, ErrRole) {
			t.Errorf("another tenant's role: %v", err)
		}
		w.exec("UPDATE custom_roles SET ended_at = 1 WHERE id = ?", id)
		w.bump()
		w.may(t, w.nobody, ReadOrg, w.household, "", ErrHidden)
	})
}

func TestWhatAPlaceGivesItsMembers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		w.may(t, w.marge, RevealReadKey, w.household, "", nil)
		w.exec("UPDATE orgs SET member_role = 'viewer' WHERE id = ?", string(w.household))
		w.bump()
		w.may(t, w.marge, ReadDevice, w.household, "", nil)
		w.may(t, w.marge, RevealReadKey, w.household, "", ErrRefused)
		w.exec("UPDATE orgs SET member_role = 'owner' WHERE id = ?", string(w.household))
		w.bump()
		w.may(t, w.marge, ReadOrg, w.household, "", ErrHidden) // not what a place may give
	})
}

func TestACutOnlyNarrows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		ctx := WithCut(w.as(w.homer), Cut{Actions: Looking, Org: w.household})
		for _, c := range []struct {
			ctx  context.Context
			act  Action
			org  iam.OrgID
			want error
		}{
			{ctx, ReadDevice, w.household, nil},
			{ctx, RevealReadKey, w.household, ErrRefused},
			{ctx, ReadDevice, w.plant, ErrHidden},
			{WithCut(ctx, Cut{Org: w.plant}), ReadDevice, w.household, ErrHidden},
			{WithCut(w.as(w.marge), Cut{Actions: everything}), ManagePeople, w.household, ErrRefused},
		} {
			if err := w.Require(c.ctx, c.act, c.org); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.act, err, c.want)
			}
			s, err := w.Scope(c.ctx, c.act)
			if err != nil || s.Has(c.org) != (c.want == nil) {
				t.Errorf("%s: the list says %v %v", c.act, s.Has(c.org), err)
			}
		}
	})
}

func TestAPlaceThatAsksForAPasskey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		w.exec("UPDATE orgs SET min_credential = 'passkey' WHERE id = ?", string(w.plant))
		w.bump()
		for a, want := range map[iam.Assurance]error{iam.Password: ErrUnproved, iam.TwoFactors: ErrUnproved, iam.Passkey: nil} {
			ctx := WithAssurance(w.as(w.homer), a)
			if err := w.Require(ctx, ReadDevice, w.plant); !errors.Is(err, want) {
				t.Errorf("%v: %v", a, err)
			}
			if s, err := w.Scope(ctx, ReadDevice); err != nil || s.Has(w.plant) != (want == nil) || !s.Has(w.household) {
				t.Errorf("%v: %+v %v", a, s, err)
			}
		}
		if err := w.Require(WithAssurance(w.as(w.marge), iam.Password), ReadDevice, w.plant); !errors.Is(err, ErrHidden) {
			t.Errorf("who may not know of it hears %v", err)
		}
	})
}

func TestDutiesStayApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		for _, g := range []Grant{
			{Subject: w.bart, Role: Auditor, Org: w.simpsons, By: w.homer},
			{Subject: w.homer, Role: Auditor, Org: w.plant, By: w.homer},
			{Subject: w.admin, Role: Support, Org: w.platform, By: w.admin},
		} {
			if _, err := w.give(g); !errors.Is(err, ErrDuties) {
				t.Errorf("%s: %v", g.Role, err)
			}
		}
		w.must(w.give(Grant{Subject: w.nobody, Role: Support, Org: w.platform, By: w.admin}))
		w.may(t, w.nobody, Impersonate, w.household, "", nil)
		w.may(t, w.nobody, ReadDevice, w.household, "", ErrRefused)
		w.must(w.give(Grant{Subject: w.moe, Role: Auditor, Org: w.simpsons, By: w.homer})) // an owner elsewhere

		hour := w.must(w.give(Grant{Subject: w.nobody, Role: Auditor, Org: w.simpsons, By: w.homer, Until: w.now().Add(time.Hour)}))
		w.pass(2 * time.Hour)
		w.must(w.give(Grant{Subject: w.nobody, Role: Operator, Org: w.household, By: w.homer})) // he audits no longer
		err := w.db.Transaction(func(tx *gorm.DB) error {
			_, _, err := w.SetEnd(w.as(w.homer), tx, hour, time.Time{})
			return err
		})
		if !errors.Is(err, ErrDuties) {
			t.Errorf("what was over goes on beside what came meanwhile: %v", err)
		}
	})
}

func TestAddedRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		admin := w.as(w.admin)
		noKeys := Rule{Role: Member, Object: "readkey", Act: "reveal", Effect: "deny"}
		if err := w.AddRule(w.as(w.homer), noKeys); !errors.Is(err, ErrHidden) {
			t.Errorf("an owner: %v", err)
		}
		if err := w.AddRule(admin, noKeys); err != nil {
			t.Fatal(err)
		}
		w.may(t, w.marge, RevealReadKey, w.household, "", ErrRefused)
		w.must(w.give(Grant{Subject: w.marge, Role: Operator, Org: w.household, By: w.homer}))
		w.may(t, w.marge, RevealReadKey, w.household, "", ErrRefused) // one no outweighs a yes
		if s, err := w.Scope(w.as(w.marge), RevealReadKey); err != nil || s.Has(w.household) {
			t.Errorf("the list says otherwise: %v", err)
		}
		e, err := w.Explain(w.as(w.homer), w.marge, RevealReadKey, w.household, "")
		if err != nil || e.Cause != Denied || e.Rule != "p, member, readkey, reveal, deny" {
			t.Errorf("%+v %v", e, err)
		}
		for name, bad := range map[string]Rule{
			"locks the platform out": {PlatformAdmin, "platform", "*", "deny", false},
			"locks owners out":       {Owner, "*", "*", "deny", false},
			"looks into homes":       {PlatformAdmin, "device", "*", "allow", false},
			"makes kings":            {Owner, "platform", "administer", "allow", false},
		} {
			if err := w.AddRule(admin, bad); !errors.Is(err, ErrRuleLocks) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := w.AddRule(admin, Rule{Member, "", "", "allow", false}); !errors.Is(err, ErrRule) {
			t.Errorf("an empty rule: %v", err)
		}
		if err := w.AddRule(admin, Rule{stateSuspended, "org", "read", "allow", false}); !errors.Is(err, ErrRule) {
			t.Errorf("a state: %v", err)
		}
		if err := w.RemoveRule(admin, noKeys); err != nil {
			t.Fatal(err)
		}
		w.may(t, w.marge, RevealReadKey, w.household, "", nil)
		if all, err := w.Rules(admin); err != nil || len(all) != len(shipped) {
			t.Errorf("%d rules, %v", len(all), err)
		}
	})
}

func TestExplainNamesTheOneCause(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		w.must(w.give(Grant{Subject: w.nobody, Role: Operator, Org: w.plant, By: w.homer, Until: w.now().Add(time.Hour), Reason: "repairs"}))
		ended := w.must(w.give(Grant{Subject: w.moe, Role: Member, Org: w.household, By: w.homer}))
		if err := w.end(w.homer, ended); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
		for _, c := range []struct {
			name string
			who  iam.UserID
			act  Action
			org  iam.OrgID
			want Cause
			role Role
			rule string
		}{
			{"Marge sees Household", w.marge, ReadDevice, w.household, Allowed, Member, "p, member, device, read, allow"},
			{"Homer by what is above", w.homer, ReadDevice, w.household, Allowed, Owner, "p, owner, device, *, allow"},
			{"Marge manages nobody", w.marge, ManagePeople, w.household, Lacks, "", ""},
			{"Marge and the plant", w.marge, ReadDevice, w.plant, Nothing, "", ""},
			{"the repairs are over", w.nobody, ManageDevice, w.plant, Expired, Operator, "p, operator, device, manage, allow"},
			{"Moe was let go", w.moe, ReadDevice, w.household, Ended, Member, "p, member, device, read, allow"},
		} {
			t.Run(c.name, func(t *testing.T) {
				e, err := w.Explain(w.as(w.homer), c.who, c.act, c.org, "")
				if err != nil || e.Cause != c.want || e.Rule != c.rule || (e.Link == nil) != (c.role == "") || e.Link != nil && e.Link.Role != c.role {
					t.Errorf("%+v %v", e, err)
				}
				if allowed := w.MayUser(t.Context(), c.who, c.act, c.org, ""); allowed != (e.Cause == Allowed) {
					t.Error("the explanation is not the decision")
				}
			})
		}
		t.Run("a closed place", func(t *testing.T) {
			w.exec("UPDATE orgs SET state = 'suspended' WHERE id = ?", string(w.household))
			w.bump()
			e, err := w.Explain(w.as(w.homer), w.marge, ReadDevice, w.household, "")
			if err != nil || e.Cause != Denied || e.Closed != w.household || e.Rule != "p, state:suspended, *, *, deny" {
				t.Errorf("%+v %v", e, err)
			}
		})
		ned := w.person("ned")
		w.exec("UPDATE users SET home_org_id = ? WHERE id = ?", string(w.moes), string(ned))
		w.must(w.give(Grant{Subject: ned, Role: Member, Org: w.moes, By: w.moe}))
		for name, err := range map[string]error{
			"a stranger asks": second(w.Explain(w.as(w.moe), w.marge, ReadDevice, w.simpsons, "")),
			"a member asks":   second(w.Explain(w.as(w.marge), w.homer, ReadDevice, w.plant, "")),
			"about one's own": second(w.Explain(w.as(w.marge), w.marge, ReadDevice, w.plant, "")),
			"no such place":   second(w.Explain(w.as(w.homer), w.marge, ReadDevice, iam.OrgID(iam.NewID()), "")),
			"about a stranger who is at home elsewhere": second(w.Explain(w.as(w.homer), ned, ReadDevice, w.household, "")),
			"about nobody":                second(w.Explain(w.as(w.homer), iam.UserID(iam.NewID()), ReadDevice, w.household, "")),
			"about who is next door only": second(w.Explain(w.as(w.bart), w.nobody, ReadDevice, w.household, "")),
		} {
			if !errors.Is(err, ErrHidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second(_ Explanation, err error) error { return err }
