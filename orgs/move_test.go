package orgs_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func (h *house) below(parent iam.OrgID, name string) iam.OrgID {
	h.t.Helper()
	o, err := h.NewOrg(h.homer, parent, name, "plain")
	h.ok(err)
	return o.ID
}

func (h *house) wants(err, want error) {
	h.t.Helper()
	if !errors.Is(err, want) {
		h.t.Errorf("got %v, want %v", err, want)
	}
}

func (h *house) sees(who context.Context, org iam.OrgID) bool {
	return h.Decider.May(who, policies.ReadOrg, org)
}

func TestAPlaceMovesWithAllThatLiesInIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		garage := h.below(h.household, "Garage")
		shelf := h.below(garage, "Shelf")
		marge := h.join("marge", h.household, policies.Member)
		bart := h.join("bart", h.plant, policies.Manager)
		if !h.sees(marge, shelf) || h.sees(bart, shelf) {
			t.Fatal("the tree is not as it was planted")
		}
		t.Run("who manages below does not decide where it lies", func(t *testing.T) {
			lisa := h.join("lisa", h.household, policies.Manager)
			h.wants(h.Move(lisa, h.household, h.plant, orgs.With{}), policies.ErrRefused)
			h.wants(h.Move(lisa, garage, h.plant, orgs.With{}), policies.ErrHidden) // the other end is not hers
			h.wants(h.Move(marge, garage, h.household, orgs.With{}), policies.ErrRefused)
			h.wants(h.Move(bart, garage, h.plant, orgs.With{}), policies.ErrHidden)
		})
		t.Run("neither into itself nor over the wall nor too deep", func(t *testing.T) {
			h.wants(h.Move(h.homer, h.household, shelf, orgs.With{}), policies.ErrCycle)
			h.wants(h.Move(h.homer, h.household, h.household, orgs.With{}), policies.ErrCycle)
			moes, err := h.NewOrg(h.admin, h.root, "Moe's", "")
			h.ok(err)
			h.wants(h.Move(h.homer, garage, moes.ID, orgs.With{}), policies.ErrHidden)
			h.wants(h.Move(h.admin, garage, moes.ID, orgs.With{}), policies.ErrWall)
			h.wants(h.Move(h.admin, h.simpsons, moes.ID, orgs.With{}), policies.ErrWall)
			deep := h.plant
			for range 4 {
				deep = h.below(deep, "deeper")
			}
			h.wants(h.Move(h.homer, garage, deep, orgs.With{}), policies.ErrTooDeep)
		})
		h.ok(h.Move(h.homer, garage, h.plant, orgs.With{Reason: "the donuts are there"}))
		if h.sees(marge, shelf) || h.sees(marge, garage) || !h.sees(bart, shelf) || !h.sees(h.homer, shelf) {
			t.Error("somebody sees what he should not, or the other way round")
		}
		path, err := h.Path(h.homer, shelf)
		h.ok(err)
		var names []string
		for _, c := range path {
			names = append(names, c.Name)
		}
		if !slices.Equal(names, []string{"The Simpsons", "Power plant", "Garage", "Shelf"}) {
			t.Errorf("the way is %v", names)
		}
		h.ok(h.Move(h.homer, garage, h.plant, orgs.With{})) // a second time changes nothing
		verbs := h.verbs(h.simpsons)
		if n := len(slices.DeleteFunc(slices.Clone(verbs), func(v string) bool { return v != "org.move" })); n != 1 {
			t.Errorf("%d moves in the trail: %v", n, verbs)
		}
	})
}

func TestAShutPlaceIsShutForEverybodyAndOpenedFromAbove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		marge := h.join("marge", h.household, policies.Member)
		lisa := h.join("lisa", h.household, policies.Manager)
		h.wants(h.Suspend(lisa, h.household, orgs.With{}), policies.ErrRefused)
		h.wants(h.Suspend(h.homer, h.simpsons, orgs.With{}), policies.ErrRefused) // a tenant's is the platform's to say
		h.ok(h.Suspend(h.homer, h.household, orgs.With{}))
		h.ok(h.Suspend(h.homer, h.household, orgs.With{}))
		if h.sees(marge, h.household) || h.sees(h.homer, h.household) {
			t.Error("a suspended place is seen")
		}
		shut, err := h.ShutBelow(h.homer)
		h.ok(err)
		if len(shut) != 1 || shut[0].ID != h.household || shut[0].State != orgs.Suspended {
			t.Fatalf("its owner does not find it again: %+v", shut)
		}
		if shut, _ := h.ShutBelow(marge); len(shut) != 0 {
			t.Errorf("Marge hears of %+v", shut)
		}
		h.ok(h.Resume(h.homer, h.household, orgs.With{}))
		if !h.sees(marge, h.household) {
			t.Error("a place that was opened again is not seen")
		}
		h.ok(h.SetDates(h.homer, h.household, time.Time{}, h.now().Add(time.Hour), orgs.With{}))
		h.pass(time.Hour)
		if h.sees(marge, h.household) {
			t.Error("its time is over and it is seen")
		}
		h.ok(h.SetDates(h.homer, h.household, time.Time{}, time.Time{}, orgs.With{}))
		if !h.sees(marge, h.household) {
			t.Error("without dates it is not seen")
		}
		h.ok(h.Suspend(h.admin, h.simpsons, orgs.With{}))
		if h.sees(h.homer, h.plant) {
			t.Error("a suspended tenant is seen")
		}
		if shut, _ := h.ShutBelow(h.homer); len(shut) != 0 {
			t.Errorf("Homer would open what the platform has shut: %+v", shut)
		}
		h.ok(h.Resume(h.admin, h.simpsons, orgs.With{}))
	})
}

func TestSettingsAreJudged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		text := func(s string) *string { return &s }
		yes := true
		marge := h.join("marge", h.household, policies.Member)
		lisa := h.join("lisa", h.household, policies.Manager)
		o, err := h.Settle(lisa, h.household, orgs.Settings{MemberRole: text("viewer"), RotateReadKeys: text("always"), Kind: text("fleet")}, orgs.With{})
		h.ok(err)
		if o.MemberRole != policies.Viewer || o.Version != 2 || h.Decider.May(marge, policies.RevealReadKey, h.household) {
			t.Errorf("%+v", o)
		}
		_, err = h.Settle(lisa, h.household, orgs.Settings{Name: text("Our house")}, orgs.With{Version: 1})
		h.wants(err, orgs.ErrChanged)
		for _, wrong := range []orgs.Settings{{MemberRole: text("owner")}, {MinCredential: text("none")}, {RotateReadKeys: text("")}, {Kind: text("tenant")}, {Name: text(" ")}} {
			_, err = h.Settle(h.homer, h.household, wrong, orgs.With{})
			h.wants(err, iam.ErrForm)
		}
		_, err = h.Settle(h.homer, h.simpsons, orgs.Settings{Kind: text("plain")}, orgs.With{})
		h.wants(err, iam.ErrForm)
		_, err = h.Settle(marge, h.household, orgs.Settings{Name: text("Marge's")}, orgs.With{})
		h.wants(err, policies.ErrRefused)
		t.Run("nobody asks of others what he has not done himself", func(t *testing.T) {
			by := policies.WithAssurance(h.homer, iam.Password)
			_, err := h.Settle(by, h.simpsons, orgs.Settings{MinCredential: text("passkey")}, orgs.With{})
			h.wants(err, iam.ErrForm)
			by = policies.WithAssurance(h.homer, iam.Passkey)
			_, err = h.Settle(by, h.household, orgs.Settings{MinCredential: text("passkey")}, orgs.With{})
			h.ok(err)
			h.wants(h.Decider.Require(policies.WithAssurance(marge, iam.Password), policies.ReadOrg, h.household), policies.ErrUnproved)
			_, err = h.Settle(by, h.household, orgs.Settings{MinCredential: text("any")}, orgs.With{})
			h.ok(err)
		})
		t.Run("a private place is not looked into from above", func(t *testing.T) {
			bart := h.join("bart", h.simpsons, policies.Manager)
			if !h.Decider.May(bart, policies.ReadDevice, h.household) {
				t.Fatal("a manager sees below")
			}
			_, err := h.Settle(lisa, h.household, orgs.Settings{Private: &yes}, orgs.With{})
			h.ok(err)
			if h.Decider.May(bart, policies.ReadDevice, h.household) || !h.Decider.May(h.homer, policies.ReadDevice, h.household) || !h.Decider.May(lisa, policies.ReadDevice, h.household) {
				t.Error("the wrong people see into a private place")
			}
		})
	})
}

func TestTwoMovesAtOnceMakeNoRing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		var done [2]error
		var both sync.WaitGroup
		both.Go(func() { done[0] = h.Move(h.homer, h.household, h.plant, orgs.With{}) })
		both.Go(func() { done[1] = h.Move(h.homer, h.plant, h.household, orgs.With{}) })
		both.Wait()
		if (done[0] == nil) == (done[1] == nil) || !errors.Is(errors.Join(done[:]...), policies.ErrCycle) {
			t.Errorf("%v, %v", done[0], done[1])
		}
		tree, err := h.Tree(h.homer)
		h.ok(err)
		if len(tree) != 3 {
			t.Errorf("%+v", tree)
		}
	})
}
