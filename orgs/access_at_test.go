package orgs_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// seat is the role that somebody holds in a place.
func (h *house) seatIn(org iam.OrgID, who context.Context) iam.AssignmentID {
	h.t.Helper()
	user, _ := policies.Asking(who)
	var id iam.AssignmentID
	h.ok(h.db.Raw("SELECT id FROM assignments WHERE org_id = ? AND subject_id = ? AND ended_at IS NULL", string(org), string(user)).Scan(&id).Error)
	return id
}

// What the past says of a moment is what was true when it was the present.
func TestThePastIsAsItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		garage := h.below(h.household, "Garage")
		places := []iam.OrgID{h.simpsons, h.household, h.plant, garage}
		type picture struct {
			after string
			at    time.Time
			who   map[iam.OrgID][]iam.UserID
		}
		var album []picture
		look := func(org iam.OrgID) (who []iam.UserID) {
			holders, err := h.Decider.WhoMay(t.Context(), h.db, policies.ReadDevice, org, "")
			h.ok(err)
			for _, p := range holders {
				who = append(who, p.User)
			}
			slices.Sort(who)
			return who
		}
		var marge, bart, lisa, burns context.Context
		day := 24 * time.Hour
		off, on := true, false
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"the founding", func() error { return nil }},
			{"Marge joins", func() error { marge = h.join("marge", h.household, policies.Member); return nil }},
			{"Bart joins", func() error { bart = h.join("bart", h.plant, policies.Manager); return nil }},
			{"Lisa joins", func() error { lisa = h.join("lisa", garage, policies.Viewer); return nil }},
			{"Burns audits", func() error { burns = h.join("burns", h.simpsons, policies.Auditor); return nil }},
			{"the garage moves", func() error { return h.Move(h.homer, garage, h.plant, orgs.With{}) }},
			{"Marge's role gets an end", func() error {
				return h.SetRoleEnd(h.homer, h.seatIn(h.household, marge), h.now().Add(30*day), orgs.With{})
			}},
			{"the plant is suspended", func() error { return h.Suspend(h.homer, h.plant, orgs.With{}) }},
			{"the garage moves back, from a closed place", func() error { return h.Resume(h.homer, h.plant, orgs.With{}) }},
			{"the garage moves back", func() error { return h.Move(h.homer, garage, h.household, orgs.With{}) }},
			{"the garage is private", func() error {
				_, err := h.Settle(h.homer, garage, orgs.Settings{Private: &off}, orgs.With{})
				return err
			}},
			{"the garage is open", func() error {
				_, err := h.Settle(h.homer, garage, orgs.Settings{Private: &on}, orgs.With{})
				return err
			}},
			{"the household has dates", func() error {
				return h.SetDates(h.homer, h.household, time.Time{}, h.now().Add(2*time.Hour), orgs.With{})
			}},
			{"the dates are over", func() error { h.pass(3 * time.Hour); return nil }},
			{"no dates", func() error { return h.SetDates(h.homer, h.household, time.Time{}, time.Time{}, orgs.With{}) }},
			{"Lisa is switched off", func() error { user, _ := policies.Asking(lisa); return h.Disable(h.homer, user) }},
			{"Lisa is switched on", func() error { user, _ := policies.Asking(lisa); return h.Enable(h.homer, user) }},
			{"Bart's role ends", func() error { return h.EndRole(h.homer, h.seatIn(h.plant, bart), orgs.With{Reason: "grown up"}) }},
			{"Marge's time is over", func() error { h.pass(31 * day); return nil }},
			{"Marge's end goes away", func() error {
				return h.SetRoleEnd(h.homer, h.seatIn(h.household, marge), h.now().Add(60*day), orgs.With{})
			}},
		} {
			h.pass(time.Hour)
			if err := step.do(); err != nil && step.name != "Marge's end goes away" { // a role that is over may be no more to change
				t.Fatalf("%s: %v", step.name, err)
			}
			h.pass(time.Minute)
			p := picture{step.name, h.now(), map[iam.OrgID][]iam.UserID{}}
			for _, o := range places {
				p.who[o] = look(o)
			}
			album = append(album, p)
		}
		h.pass(time.Hour)
		for _, p := range album {
			for _, o := range places {
				held, _, err := h.AccessAt(h.homer, orgs.Spot{Org: o, At: p.at}, policies.ReadDevice)
				h.ok(err)
				var who []iam.UserID
				for _, x := range held {
					who = append(who, x.Who)
					r, err := h.ReachAt(h.homer, h.simpsons, x.Who, policies.ReadDevice, p.at)
					h.ok(err)
					if !slices.Contains(r.Places, o) {
						t.Errorf("after %s: %s could see the place, and the other way round could not", p.after, x.Name)
					}
				}
				slices.Sort(who)
				if who = slices.Compact(who); !slices.Equal(who, p.who[o]) {
					t.Errorf("after %s, in place %d: %v, and it was %v", p.after, slices.Index(places, o), who, p.who[o])
				}
			}
		}
		t.Run("the auditor may look, a member may not", func(t *testing.T) {
			_, _, err := h.AccessAt(burns, orgs.Spot{Org: h.household, At: h.now()}, policies.ReadDevice)
			h.ok(err)
			_, _, err = h.AccessAt(lisa, orgs.Spot{Org: garage, At: h.now()}, policies.ReadDevice)
			h.wants(err, policies.ErrRefused)
			_, err = h.ReachAt(lisa, h.plant, h.homerID, policies.ReadDevice, h.now())
			h.wants(err, policies.ErrHidden)
		})
		t.Run("it tells why it ended", func(t *testing.T) {
			held, _, err := h.AccessAt(h.homer, orgs.Spot{Org: h.plant, At: album[2].at}, policies.ReadDevice)
			h.ok(err)
			i := slices.IndexFunc(held, func(x orgs.Holding) bool { return x.Name == "bart" })
			if i < 0 || held[i].EndedFor != "grown up" || held[i].EndedBy != "Homer" || held[i].By != "Homer" || held[i].Role != policies.Manager {
				t.Errorf("%+v", held)
			}
		})
		if _, _, err := h.AccessAt(h.homer, orgs.Spot{Org: iam.OrgID(iam.NewID()), At: h.now()}, policies.ReadDevice); !errors.Is(err, policies.ErrHidden) {
			t.Errorf("got %v", err)
		}
	})
}
