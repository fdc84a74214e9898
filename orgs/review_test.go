package orgs_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func (h *house) reviews() orgs.Reviews {
	return orgs.Reviews{Orgs: h.Service, Store: &channels.Store{DB: h.db, Vault: h.Vault, Live: h.Live, Now: h.now}, Machines: h.machines()}
}

// about finds the item about somebody.
func about(t *testing.T, items []orgs.Item, name string) orgs.Item {
	t.Helper()
	for _, i := range items {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("nothing about %s in %+v", name, items)
	return orgs.Item{}
}

func TestAnOwnerLooksThroughWhoMaySeeHisDevices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		r := h.reviews()
		marge := h.join("marge", h.household, policies.Member)
		h.join("bart", h.plant, policies.Manager)
		_, _, err := h.Invite(h.homer, h.household, "ned@simps.net", "viewer")
		h.ok(err)
		id, err := r.Start(h.homer, orgs.ReviewRequest{Org: h.simpsons, Kind: orgs.OwnReview})
		h.ok(err)
		if again, err := r.Start(h.homer, orgs.ReviewRequest{Org: h.simpsons, Kind: orgs.OwnReview}); again != id || err != nil {
			t.Errorf("a second one: %s %v", again, err)
		}
		review, items, err := r.Get(h.homer, id)
		h.ok(err)
		if len(items) != 3 || review.Items != 3 || review.OrgName != "The Simpsons" || slices.ContainsFunc(items, func(i orgs.Item) bool { return i.Who == h.homerID }) {
			t.Fatalf("%+v %+v", review, items)
		}
		h.wants(r.Decide(h.homer, about(t, items, "marge").ID, "perhaps", ""), orgs.ErrReviewDecide)
		h.wants(r.Decide(marge, about(t, items, "marge").ID, orgs.Keep, ""), policies.ErrRefused)
		h.ok(r.Decide(h.homer, about(t, items, "marge").ID, orgs.Stop, "moved out"))
		h.ok(r.Decide(h.homer, about(t, items, "ned@simps.net").ID, orgs.Stop, ""))
		h.ok(r.Decide(h.homer, about(t, items, "bart").ID, orgs.Keep, ""))
		if h.sees(marge, h.household) {
			t.Error("Marge still sees the household")
		}
		h.ok(r.Close(h.homer, id))
		h.wants(r.Close(h.homer, id), orgs.ErrReviewClosed)
		h.wants(r.Decide(h.homer, about(t, items, "bart").ID, orgs.Stop, ""), orgs.ErrReviewClosed)
		if verbs := h.verbs(h.simpsons); !slices.Contains(verbs, "review.start") || !slices.Contains(verbs, "role.end") || !slices.Contains(verbs, "review.keep") || !slices.Contains(verbs, "review.close") {
			t.Errorf("%v", verbs)
		}
		h.ok(r.Run(h.out)) // nothing is due
	})
}

func TestACampaignEndsWhatNobodyDecidedToKeep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		r := h.reviews()
		lisa := h.join("lisa", h.household, policies.Manager)
		marge := h.join("marge", h.household, policies.Member)
		maggie := h.join("maggie", h.household, policies.Viewer)
		bart := h.join("bart", h.plant, policies.Member)
		for _, wrong := range []orgs.ReviewRequest{
			{Org: h.simpsons, Kind: orgs.Campaign, Name: "", Due: h.now().Add(48 * time.Hour)},
			{Org: h.simpsons, Kind: orgs.Campaign, Name: "Autumn", Due: h.now()},
			{Org: h.simpsons, Kind: orgs.Campaign, Name: "Autumn", Due: h.now().AddDate(2, 0, 0)},
			{Org: h.simpsons, Kind: orgs.Campaign, Name: "Autumn", Due: h.now().Add(48 * time.Hour), Roles: []policies.Role{"king"}},
		} {
			if _, err := r.Start(h.homer, wrong); err == nil {
				t.Errorf("%+v began", wrong)
			}
		}
		ask := orgs.ReviewRequest{Org: h.simpsons, Kind: orgs.Campaign, Name: "Autumn", Undecided: orgs.Stop, Due: h.now().Add(10 * 24 * time.Hour), Roles: []policies.Role{policies.Member, policies.Viewer}}
		_, err := r.Start(lisa, ask)
		h.wants(err, policies.ErrHidden) // not hers as a whole
		id, err := r.Start(h.homer, ask)
		h.ok(err)
		_, all, err := r.Get(h.homer, id)
		h.ok(err)
		_, hers, err := r.Get(lisa, id)
		h.ok(err)
		if len(all) != 4 || len(hers) != 2 { // Homer is a member himself
			t.Fatalf("all %+v\nhers %+v", all, hers)
		}
		_, _, err = r.Get(marge, id)
		h.wants(err, orgs.ErrNoReview)
		h.wants(r.Decide(lisa, about(t, all, "bart").ID, orgs.Keep, ""), orgs.ErrNoReview)
		h.ok(r.Decide(lisa, about(t, hers, "marge").ID, orgs.Keep, "lives here"))
		list, err := r.List(lisa, h.simpsons)
		h.ok(err)
		if len(list) != 1 || list[0].Decided != 1 || list[0].Items != 4 {
			t.Errorf("%+v", list)
		}
		none, err := r.List(bart, h.simpsons)
		h.ok(err)
		if len(none) != 0 {
			t.Errorf("Bart is asked: %+v", none)
		}
		h.pass(4 * 24 * time.Hour)
		h.ok(r.Run(h.out))
		h.pass(7 * 24 * time.Hour)
		h.ok(r.Run(h.out))
		for who, may := range map[context.Context]bool{marge: true, maggie: false} {
			if h.sees(who, h.household) != may {
				t.Errorf("it should be %v", may)
			}
		}
		if h.sees(bart, h.plant) {
			t.Error("nobody decided about Bart, and he stays")
		}
		review, _, err := r.Get(h.homer, id)
		h.ok(err)
		if review.Closed.IsZero() || review.Decided != 4 {
			t.Errorf("%+v", review)
		}
		var by string
		h.ok(h.db.Raw("SELECT actor_name FROM audit WHERE verb = 'review.close'").Scan(&by).Error)
		if by != "Halfkey for Homer" {
			t.Errorf("closed by %q", by)
		}
	})
}

func TestACampaignEndsNoMoreThanWhoBeganItMayEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		r := h.reviews()
		ask := orgs.ReviewRequest{Org: h.simpsons, Kind: orgs.Campaign, Name: "Autumn", Undecided: orgs.Stop, Due: h.now().Add(10 * 24 * time.Hour)}
		cut, _, err := h.machines().NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "house", NotAfter: h.now().AddDate(1, 0, 0), Org: h.simpsons})
		h.ok(err)
		_, err = r.Start(enter(t, h.machines(), cut), ask) // it would end roles after the token was revoked
		h.wants(err, orgs.ErrReviewCut)

		bart, marge := h.join("bart", h.simpsons, policies.Owner), h.join("marge", h.household, policies.Member)
		_, channel := h.measuring(h.household, "Cellar", userOf(marge))
		_, err = r.Start(bart, ask)
		h.ok(err)
		h.ok(h.Leave(bart, h.simpsons, orgs.With{}))
		h.pass(11 * 24 * time.Hour)
		h.ok(r.Run(h.out))
		keys, err := r.Store.ReadKeys(h.out, channel)
		h.ok(err)
		if !h.sees(marge, h.household) || len(keys) != 1 {
			t.Errorf("a campaign of somebody who has gone ended what another holds: %v", keys)
		}
	})
}
