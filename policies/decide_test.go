package policies

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestRightsFlowDownAndWallsHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		for _, c := range []struct {
			name string
			who  iam.UserID
			act  Action
			org  iam.OrgID
			want error
		}{
			{"Homer sees his house", w.homer, ReadDevice, w.simpsons, nil},
			{"and all below it", w.homer, RevealRegistrationKey, w.plant, nil},
			{"Marge sees Household", w.marge, ReadDevice, w.household, nil},
			{"but manages nothing there", w.marge, ManagePeople, w.household, ErrRefused},
			{"Power plant does not exist for her", w.marge, ReadOrg, w.plant, ErrHidden},
			{"nor does what is above", w.marge, ReadOrg, w.simpsons, ErrHidden},
			{"Bart manages Household", w.bart, ManagePeople, w.household, nil},
			{"and nothing beside it", w.bart, ManageDevice, w.plant, ErrHidden},
			{"a manager does not change connectors", w.bart, ManageConnector, w.household, ErrRefused},
			{"Moe's is another world", w.homer, ReadOrg, w.moes, ErrHidden},
			{"the platform keeps places", w.admin, ManageOrg, w.moes, nil},
			{"and never looks into homes", w.admin, ReadDevice, w.household, ErrRefused},
			{"who holds nothing sees nothing", w.nobody, ReadOrg, w.simpsons, ErrHidden},
			{"what never was looks the same", w.homer, ReadOrg, iam.OrgID(iam.NewID()), ErrHidden},
			{"nothing is no place", w.homer, ReadOrg, "", ErrHidden},
		} {
			t.Run(c.name, func(t *testing.T) {
				if err := w.Require(w.as(c.who), c.act, c.org); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
		t.Run("only people hold roles", func(t *testing.T) {
			for _, ctx := range []context.Context{context.Background(), audit.WithActor(t.Context(), audit.Actor{Type: "device", ID: string(w.homer)})} {
				if err := w.Require(ctx, ReadOrg, w.simpsons); !errors.Is(err, ErrHidden) {
					t.Errorf("got %v", err)
				}
				if s, err := w.Scope(ctx, ReadOrg); err != nil || !s.Empty() {
					t.Errorf("scope %+v %v", s, err)
				}
			}
		})
	})
}

func (w *town) listed(who iam.UserID, act Action) (ids []iam.OrgID) {
	w.t.Helper()
	s, err := w.Scope(w.as(who), act)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.Filter(w.db.Table("orgs"), "id", "tenant_id").Order("id").Pluck("id", &ids).Error; err != nil {
		w.t.Fatal(err)
	}
	for _, id := range []iam.OrgID{w.platform, w.simpsons, w.household, w.plant, w.moes} {
		if s.Has(id) != slices.Contains(ids, id) {
			w.t.Errorf("Has(%s) is %v, the list says otherwise", id, s.Has(id))
		}
		if w.MayUser(context.Background(), who, act, id, "") != s.Has(id) {
			w.t.Errorf("the scope and the decision differ about %s", id)
		}
	}
	return ids
}

func TestAListShowsWhatADecisionAllows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		want := func(who iam.UserID, act Action, orgs ...iam.OrgID) {
			t.Helper()
			slices.Sort(orgs)
			if got := w.listed(who, act); !slices.Equal(got, orgs) {
				t.Errorf("got %v, want %v", got, orgs)
			}
		}
		want(w.homer, ReadOrg, w.simpsons, w.household, w.plant)
		want(w.marge, ReadDevice, w.household)
		want(w.marge, ManageDevice)
		want(w.admin, ReadOrg, w.platform, w.simpsons, w.household, w.plant, w.moes)
		want(w.admin, ReadDevice)
		want(w.nobody, ReadOrg)
		w.must(w.give(Grant{Subject: w.marge, Role: Member, Org: w.simpsons, Reach: Self, Source: Direct, By: w.homer}))
		want(w.marge, ReadOrg, w.simpsons, w.household)
		w.must(w.give(Grant{Subject: w.bart, Role: Member, Org: w.moes, Source: Direct, By: w.moe}))
		want(w.bart, ReadOrg, w.household, w.moes)
		t.Run("a suspended place closes with all below", func(t *testing.T) {
			w.exec("UPDATE orgs SET state = 'suspended' WHERE id = ?", string(w.household))
			w.exec("UPDATE authz_version SET version = version + 1")
			want(w.homer, ReadOrg, w.simpsons, w.plant)
			want(w.admin, ReadOrg, w.platform, w.simpsons, w.plant, w.moes)
			want(w.bart, ReadOrg, w.moes)
			if stopped, err := w.Stopped(t.Context(), w.household); err != nil || !stopped {
				t.Errorf("%v %v", stopped, err)
			}
			w.exec("UPDATE orgs SET state = 'active' WHERE id = ?", string(w.household))
		})
		t.Run("so does one whose time is over", func(t *testing.T) {
			w.exec("UPDATE orgs SET valid_to = ? WHERE id = ?", iam.Micros(w.now().Add(time.Hour)), string(w.simpsons))
			w.exec("UPDATE authz_version SET version = version + 1")
			want(w.homer, ReadOrg, w.simpsons, w.household, w.plant)
			w.pass(time.Hour) // nothing is written: the date itself decides
			want(w.homer, ReadOrg)
			want(w.bart, ReadOrg, w.moes)
		})
	})
}

func TestNobodyGivesWhatHeDoesNotHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		empty := w.org(w.platform, "tenant")
		for _, c := range []struct {
			name string
			give Grant
			want error
		}{
			{"a manager makes no owner", Grant{Subject: w.bart, Role: Owner, Org: w.household, By: w.bart}, ErrBeyond},
			{"nor gives beside his place", Grant{Subject: w.bart, Role: Member, Org: w.plant, By: w.bart}, ErrHidden},
			{"nor above", Grant{Subject: w.bart, Role: Member, Org: w.simpsons, By: w.bart}, ErrHidden},
			{"a member gives nothing", Grant{Subject: w.bart, Role: Member, Org: w.household, By: w.marge}, ErrRefused},
			{"an owner runs no platform", Grant{Subject: w.homer, Role: PlatformAdmin, Org: w.simpsons, By: w.homer}, ErrRole},
			{"nor by way of the root", Grant{Subject: w.homer, Role: PlatformAdmin, Org: w.platform, By: w.homer}, ErrHidden},
			{"states are not given", Grant{Subject: w.homer, Role: stateSuspended, Org: w.simpsons, By: w.homer}, ErrRole},
			{"the platform takes no house over", Grant{Subject: w.admin, Role: Owner, Org: w.simpsons, By: w.admin}, ErrBeyond},
			{"nor looks in as a member", Grant{Subject: w.admin, Role: Member, Org: w.simpsons, By: w.admin}, ErrBeyond},
			{"nobody founds twice", Grant{Subject: w.moe, Role: Owner, Org: w.simpsons, Source: Founding}, ErrBeyond},
			{"nor below", Grant{Subject: w.moe, Role: Owner, Org: w.plant, Source: Founding}, ErrBeyond},
			{"a manager gives member", Grant{Subject: w.moe, Role: Member, Org: w.household, By: w.bart}, nil},
			{"the platform names a first owner", Grant{Subject: w.moe, Role: Owner, Org: empty, By: w.admin}, nil},
			{"and no second", Grant{Subject: w.nobody, Role: Owner, Org: empty, By: w.admin}, ErrBeyond},
			{"no such place", Grant{Subject: w.moe, Role: Owner, Org: iam.OrgID(iam.NewID()), By: w.homer}, ErrHidden},
		} {
			t.Run(c.name, func(t *testing.T) {
				if _, err := w.give(c.give); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
		t.Run("nor longer than he holds it", func(t *testing.T) {
			soon := w.now().Add(time.Hour)
			w.must(w.give(Grant{Subject: w.nobody, Role: Manager, Org: w.plant, By: w.homer, Until: soon}))
			w.must(w.give(Grant{Subject: w.marge, Role: Member, Org: w.plant, By: w.nobody}))
			all, err := w.Of(w.as(w.marge), w.marge)
			if err != nil || len(all) != 2 || !all[1].Until.Equal(soon) {
				t.Fatalf("%+v %v", all, err)
			}
			w.pass(time.Hour)
			if w.May(w.as(w.marge), ReadOrg, w.plant) {
				t.Error("the guest stays after his time")
			}
		})
		t.Run("nor further down", func(t *testing.T) {
			shed, lisa, milhouse := w.org(w.plant, "plain"), w.person("lisa"), w.person("milhouse")
			alone := w.must(w.give(Grant{Subject: lisa, Role: Manager, Org: w.plant, Reach: Self, By: w.homer}))
			w.must(w.give(Grant{Subject: lisa, Role: Manager, Org: w.plant, By: lisa}))
			w.must(w.give(Grant{Subject: milhouse, Role: Member, Org: w.plant, By: lisa}))
			for _, who := range []iam.UserID{lisa, milhouse} {
				w.may(t, who, ReadOrg, w.plant, "", nil)
				w.may(t, who, ReadOrg, shed, "", ErrHidden)
			}
			if err := w.WouldGrant(w.as(lisa), Grant{Role: Member, Org: w.plant, Reach: Subtree, By: lisa}); !errors.Is(err, ErrBeyond) {
				t.Errorf("as if she could: %v", err)
			}
			if ok, err := w.Within(w.as(lisa), Member, w.plant); ok || err != nil {
				t.Errorf("who sees the sheds is not below her: %v", err)
			}
			whole := w.must(w.give(Grant{Subject: milhouse, Role: Member, Org: w.plant, By: w.homer}))
			if err := w.end(lisa, whole); !errors.Is(err, ErrBeyond) {
				t.Errorf("she takes what she cannot give: %v", err)
			}
			lend := Grant{Subject: milhouse, Role: Manager, Org: w.plant, Source: Deputy, Lent: alone, By: lisa, Until: w.now().Add(time.Hour)}
			if _, err := w.give(lend); !errors.Is(err, ErrLent) {
				t.Errorf("she lends what she has not: %v", err)
			}
			lend.Reach = Self
			w.must(w.give(lend))
			w.may(t, milhouse, ManageOrg, w.plant, "", nil)
			w.may(t, milhouse, ManageOrg, shed, "", ErrRefused)
		})
		t.Run("giving twice is one role", func(t *testing.T) {
			one := w.must(w.give(Grant{Subject: w.marge, Role: Manager, Org: w.household, By: w.homer}))
			if two := w.must(w.give(Grant{Subject: w.marge, Role: Manager, Org: w.household, By: w.homer})); one != two {
				t.Error("two rows")
			}
		})
	})
}

func (w *town) seat(user iam.UserID, role Role) iam.AssignmentID {
	w.t.Helper()
	all, err := w.Of(w.as(user), user)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range all {
		if a.Role == role {
			return a.ID
		}
	}
	w.t.Fatalf("%s holds no %s", user, role)
	return ""
}

func TestARoleEndsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		marge := w.seat(w.marge, Member)
		other, err := New(t.Context(), w.db, iam.NewVersions(w.db), w.now) // another replica
		if err != nil {
			t.Fatal(err)
		}
		if !w.May(w.as(w.marge), ReadOrg, w.household) || !other.May(w.as(w.marge), ReadOrg, w.household) {
			t.Fatal("Marge sees nothing to begin with")
		}
		if err := w.end(w.moe, marge); !errors.Is(err, ErrHidden) {
			t.Errorf("a stranger heard %v", err)
		}
		if err := w.end(w.bart, w.seat(w.homer, Owner)); !errors.Is(err, ErrHidden) {
			t.Errorf("a manager below heard %v", err)
		}
		if err := w.end(w.homer, marge); err != nil {
			t.Fatal(err)
		}
		if w.May(w.as(w.marge), ReadOrg, w.household) {
			t.Error("she still sees it here")
		}
		for end := time.Now().Add(2 * time.Second); other.May(w.as(w.marge), ReadOrg, w.household); {
			if time.Now().After(end) {
				t.Fatal("she still sees it on another replica")
			}
		}
		if err := w.end(w.homer, marge); !errors.Is(err, ErrHidden) {
			t.Errorf("twice: %v", err)
		}
		w.must(w.give(Grant{Subject: w.marge, Role: Member, Org: w.household, By: w.homer}))
		if !other.May(w.as(w.marge), ReadOrg, w.household) {
			t.Error("what was granted here is denied there")
		}
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		homer := w.seat(w.homer, Owner)
		if err := w.end(w.homer, homer); !errors.Is(err, ErrLastOwner) {
			t.Fatalf("got %v", err)
		}
		if err := w.end(w.admin, w.seat(w.admin, PlatformAdmin)); !errors.Is(err, ErrLastOwner) {
			t.Errorf("the platform lost its administrator: %v", err)
		}
		half := w.must(w.give(Grant{Subject: w.marge, Role: Owner, Org: w.simpsons, Reach: Self, By: w.homer}))
		if err := w.end(w.homer, homer); !errors.Is(err, ErrLastOwner) {
			t.Errorf("the rooms would be nobody's: %v", err)
		}
		if err := w.end(w.homer, half); err != nil {
			t.Error(err)
		}
		second := w.must(w.give(Grant{Subject: w.marge, Role: Owner, Org: w.simpsons, By: w.homer}))
		ends := make(chan error, 2)
		go func() { ends <- w.end(w.homer, homer) }()
		go func() { ends <- w.end(w.marge, second) }()
		one, two := <-ends, <-ends
		if (one == nil) == (two == nil) || one != nil && !errors.Is(one, ErrLastOwner) || two != nil && !errors.Is(two, ErrLastOwner) {
			t.Errorf("both leave at once: %v, %v", one, two)
		}
	})
}

func TestSeenBy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		who, err := w.WhoMay(t.Context(), w.db, ReadDevice, w.household, "")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, h := range who {
			names = append(names, h.Name+" as "+string(h.Role))
		}
		slices.Sort(names)
		if want := []string{"bart as manager", "homer as owner", "marge as member"}; !slices.Equal(names, want) {
			t.Errorf("got %v", names)
		}
		if all, err := w.Assignments(w.as(w.bart), w.household); err != nil || len(all) != 2 {
			t.Errorf("%v %v", all, err)
		}
		if _, err := w.Assignments(w.as(w.marge), w.household); !errors.Is(err, ErrRefused) {
			t.Errorf("a member reads the list: %v", err)
		}
		if all, err := w.Of(w.as(w.moe), w.homer); err != nil || len(all) != 0 {
			t.Errorf("a stranger reads %v %v", all, err)
		}
		if got, err := w.Tenants(w.as(w.marge)); err != nil || !slices.Equal(got, []iam.OrgID{w.simpsons}) {
			t.Errorf("%v %v", got, err)
		}
		if got, err := w.Tenants(w.as(w.admin)); err != nil || !slices.Equal(got, []iam.OrgID{iam.Everywhere}) {
			t.Errorf("%v %v", got, err)
		}
	})
}

func TestPlacesAreNotNestedForEver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		w := newTown(t, db)
		at := w.household // the third, counted from the platform
		for range 5 {
			at = w.org(at, "plain")
		}
		if !w.May(w.as(w.homer), ManageOrg, at) {
			t.Error("rights do not reach the bottom")
		}
		if err := w.db.Transaction(func(tx *gorm.DB) error { return w.Place(tx, iam.OrgID(iam.NewID()), at) }); !errors.Is(err, ErrTooDeep) {
			t.Errorf("got %v", err)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	w := newTown(b, dbtest.SQLite(b))
	ctx := w.as(w.homer)
	w.versions = iam.NewVersions(w.db) // forgets that it has just granted
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if w.Require(ctx, ReadDevice, w.household) != nil {
				b.Fatal("denied")
			}
		}
	})
	b.Run("scope", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s, err := w.Scope(ctx, ReadDevice); err != nil || s.Empty() {
				b.Fatal("denied")
			}
		}
	})
	b.Run("uncached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.seats.Clear()
			w.lines.Clear()
			if w.Require(ctx, ReadDevice, w.household) != nil {
				b.Fatal("denied")
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			if _, err := newPolicy(0, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What a decision costs that is not looked up in the table but put to Casbin, as
// an explanation does.
func BenchmarkCasbin(b *testing.B) {
	p, err := newPolicy(0, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, _, err := p.casbin.ask(bit(Member)|bit(Owner), ReadDevice); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
