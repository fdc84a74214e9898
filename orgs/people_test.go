package orgs_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestMargeSeesHouseholdAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		marge := h.join("marge", h.household, policies.Member)
		tree, err := h.Tree(marge)
		h.ok(err)
		if len(tree) != 1 || tree[0].ID != h.household || tree[0].Depth != 0 || tree[0].People != 0 {
			t.Errorf("her tree: %+v", tree)
		}
		path, err := h.Path(marge, h.household)
		h.ok(err)
		if want := []orgs.Crumb{{ID: "", Name: "The Simpsons"}, {ID: h.household, Name: "Household"}}; !slices.Equal(path, want) {
			t.Errorf("her path: %+v", path)
		}
		for name, org := range map[string]iam.OrgID{"beside": h.plant, "above": h.simpsons, "root": h.root, "nowhere": iam.OrgID(iam.NewID())} {
			for verb, err := range map[string]error{
				"get":    second(h.Get(marge, org)),
				"path":   second(h.Path(marge, org)),
				"people": second(h.People(marge, org)),
				"keys":   second(h.Keys(marge, org)),
				"make":   second(h.NewOrg(marge, org, "x", "")),
				"rename": h.Rename(marge, org, "x"),
				"invite": third(h.Invite(marge, org, "x@y", "member")),
				"issue":  second(h.IssueKey(marge, orgs.KeyRequest{Org: org})),
				"ensure": second(h.EnsureKey(marge, org)),
			} {
				if !errors.Is(err, policies.ErrHidden) || fault.Of(err).Sentence != policies.ErrHidden.Sentence {
					t.Errorf("%s %s: %v", verb, name, err)
				}
			}
		}
		if err := h.Rename(marge, h.household, "x"); !errors.Is(err, policies.ErrRefused) {
			t.Errorf("a member renames: %v", err)
		}
		if _, _, err := h.RevealKey(marge, h.key); !errors.Is(err, policies.ErrHidden) {
			t.Errorf("she learns of a key above: %v", err)
		}
		all, err := h.Tree(h.homer)
		h.ok(err)
		var names []string
		for _, n := range all {
			names = append(names, n.Name)
		}
		if !slices.Equal(names, []string{"The Simpsons", "Household", "Power plant"}) || all[1].Depth != 1 || all[1].People != 1 || all[0].People != 1 {
			t.Errorf("Homer's tree: %+v", all)
		}
	})
}

func TestWhoManagesAPlaceAloneIsToldNothingOfWhatLiesInIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		carl := h.join("carl", h.household, policies.Viewer)
		_, err := h.GiveRole(h.homer, orgs.RoleRequest{Org: h.simpsons, To: "carl@simps.net", Role: "manager", Reach: "self"})
		h.ok(err)
		h.join("lenny", h.plant, policies.Member)
		_, _, err = h.Invite(h.homer, h.plant, "burns@simps.net", "viewer")
		h.ok(err)
		h.device(h.plant, "Reactor")
		for who, more := range map[context.Context]int{h.homer: 1, carl: 0} {
			people, err := h.People(who, h.simpsons)
			h.ok(err)
			if there := slices.ContainsFunc(people, func(p orgs.Person) bool { return p.Name == "lenny" }); there != (more > 0) {
				t.Errorf("%+v", people)
			}
			open, err := h.Invitations(who, h.simpsons)
			h.ok(err)
			_, devices, err := h.WillSee(who, h.simpsons)
			h.ok(err)
			if len(open) != more || devices != more {
				t.Errorf("%d more: %+v, %d devices", more, open, devices)
			}
		}
	})
}

func second[T any](_ T, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

func TestAnInvitationIsGoodOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		token, id, err := h.Invite(h.homer, h.household, " Marge@Simps.net ", "member")
		h.ok(err)
		if h.leaks(token.Reveal()) {
			t.Error("the link is stored in clear")
		}
		i, err := h.Invitation(h.out, token.Reveal())
		if err != nil || i.Inviter != "Homer" || i.OrgName != "Household" || i.Email != "marge@simps.net" || i.Role != policies.Member {
			t.Errorf("%+v %v", i, err)
		}
		if open, err := h.Invitations(h.homer, h.simpsons); err != nil || len(open) != 1 || open[0].ID != id || open[0].OrgName != "Household" || open[0].Inviter != "Homer" {
			t.Errorf("%+v %v", open, err)
		}
		if _, err := h.Accept(h.out, token.Reveal(), "", iam.Choice{Password: "short"}); !slices.Equal(fields(err), []string{"name", "password"}) {
			t.Errorf("%v", err)
		}
		results := make(chan error, 4)
		for range cap(results) {
			go func() {
				_, err := h.Accept(h.out, token.Reveal(), "Marge", iam.Choice{Password: password})
				results <- err
			}()
		}
		done := 0
		for range cap(results) {
			err := <-results
			if err == nil {
				done++
			} else if !errors.Is(err, orgs.ErrHasAccount) && !errors.Is(err, orgs.ErrInvitationUsed) {
				t.Errorf("%v", err)
			}
		}
		if done != 1 {
			t.Errorf("accepted %d times", done)
		}
		if _, err := h.Invitation(h.out, token.Reveal()); !errors.Is(err, orgs.ErrInvitationUsed) || fault.Of(err).Kind != fault.Gone {
			t.Errorf("%v", err)
		}
		if open, err := h.Invitations(h.homer, h.simpsons); err != nil || len(open) != 0 {
			t.Errorf("%+v %v", open, err)
		}
		if _, _, err := h.Invite(h.homer, h.household, "marge@simps.net", "member"); !slices.Equal(fields(err), []string{"email"}) {
			t.Errorf("invited to what she has: %v", err)
		}
	})
}

func TestInvitationsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		invite := func() (string, iam.InvitationID) {
			token, id, err := h.Invite(h.homer, h.household, "marge@simps.net", "member")
			h.ok(err)
			return token.Reveal(), id
		}
		accept := func(token string) error {
			return second(h.Accept(h.out, token, "Marge", iam.Choice{Password: password}))
		}
		first, _ := invite()
		again, id := invite()
		if err := accept(first); !errors.Is(err, orgs.ErrInvitationRevoked) {
			t.Errorf("a new link leaves the old one good: %v", err)
		}
		h.ok(h.RevokeInvitation(h.homer, id))
		h.ok(h.RevokeInvitation(h.homer, id))
		if err := accept(again); !errors.Is(err, orgs.ErrInvitationRevoked) {
			t.Errorf("%v", err)
		}
		old, _ := invite()
		h.pass(7 * 24 * time.Hour)
		if err := accept(old); !errors.Is(err, orgs.ErrInvitationExpired) {
			t.Errorf("%v", err)
		}
		for _, bad := range []string{"", "x", iam.RandomToken().Reveal()} {
			if err := accept(bad); !errors.Is(err, orgs.ErrInvitationUnknown) || fault.Of(err).Kind != fault.NotFound {
				t.Errorf("%v", err)
			}
		}
		moe := h.join("moe", h.plant, policies.Manager)
		if err := h.RevokeInvitation(moe, id); !errors.Is(err, policies.ErrHidden) {
			t.Errorf("a manager beside learns of it: %v", err)
		}
		t.Run("with the inviter's right", func(t *testing.T) {
			token, _, err := h.Invite(moe, h.plant, "barney@simps.net", "member")
			h.ok(err)
			people, err := h.People(h.homer, h.plant)
			h.ok(err)
			h.ok(h.EndRole(h.homer, people[0].Seats[0].ID, orgs.With{}))
			if err := accept(token.Reveal()); !errors.Is(err, orgs.ErrVoid) {
				t.Errorf("%v", err)
			}
			if _, err := h.Users.ByEmail(h.out, "barney@simps.net"); !errors.Is(err, iam.ErrUserUnknown) {
				t.Errorf("half a person stays: %v", err)
			}
		})
	})
}

func TestWhoHasAnAccountAcceptsSignedIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		marge := h.join("marge", h.household, policies.Member)
		lisa := h.join("lisa", h.household, policies.Member)
		token, _, err := h.Invite(h.homer, h.plant, "marge@simps.net", "manager")
		h.ok(err)
		if _, err := h.Accept(h.out, token.Reveal(), "Marge", iam.Choice{Password: "short"}); !slices.Equal(fields(err), []string{"password"}) {
			t.Errorf("a try that could not succeed tells of an account: %v", err)
		}
		if _, err := h.Accept(h.out, token.Reveal(), "Marge", iam.Choice{Password: password}); !errors.Is(err, orgs.ErrHasAccount) {
			t.Errorf("a second account: %v", err)
		}
		for name, ctx := range map[string]func() error{
			"another person": func() error { return h.AcceptAs(lisa, token.Reveal()) },
			"nobody":         func() error { return h.AcceptAs(h.out, token.Reveal()) },
		} {
			if err := ctx(); !errors.Is(err, orgs.ErrOtherPerson) {
				t.Errorf("%s accepts: %v", name, err)
			}
		}
		h.ok(h.AcceptAs(marge, token.Reveal()))
		h.ok(h.Decider.Require(marge, policies.ManageDevice, h.plant))
		if err := h.AcceptAs(marge, token.Reveal()); !errors.Is(err, orgs.ErrInvitationUsed) {
			t.Errorf("twice: %v", err)
		}
		t.Run("what is taken back while it is being accepted gives nothing", func(t *testing.T) {
			token, id, err := h.Invite(h.homer, h.plant, "lisa@simps.net", "viewer")
			h.ok(err)
			var read atomic.Bool
			h.ok(h.db.Callback().Query().After("gorm:query").Register("taken back", func(tx *gorm.DB) {
				if tx.Statement.Table == "invitations" && !read.Swap(true) {
					h.ok(h.RevokeInvitation(h.homer, id))
				}
			}))
			if err := h.AcceptAs(lisa, token.Reveal()); !errors.Is(err, orgs.ErrInvitationUsed) {
				t.Errorf("%v", err)
			}
			if h.sees(lisa, h.plant) {
				t.Error("she is in")
			}
		})
	})
}

func TestManagersMakeNoOwners(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		bart := h.join("bart", h.household, policies.Manager)
		if _, _, err := h.Invite(bart, h.household, "x@simps.net", "owner"); !errors.Is(err, policies.ErrBeyond) {
			t.Errorf("%v", err)
		}
		if _, _, err := h.Invite(bart, h.household, "not an address", "king"); !slices.Equal(fields(err), []string{"email", "role"}) {
			t.Errorf("%v", err)
		}
		if _, _, err := h.Invite(h.homer, h.simpsons, "x@simps.net", "platform-admin"); !slices.Equal(fields(err), []string{"role"}) {
			t.Errorf("%v", err)
		}
		h.ok(third(h.Invite(bart, h.household, "x@simps.net", "manager")))
		people, err := h.People(h.homer, h.simpsons)
		h.ok(err)
		if len(people) != 2 || people[0].Name != "Homer" || len(people[0].Seats) != 2 || people[1].Name != "bart" || people[1].Seats[0].OrgName != "Household" {
			t.Fatalf("%+v", people)
		}
		for _, seat := range people[0].Seats {
			if err := h.EndRole(bart, seat.ID, orgs.With{}); !errors.Is(err, policies.ErrHidden) {
				t.Errorf("he learns of a role above: %v", err)
			}
			if seat.Role == policies.Owner {
				if err := h.EndRole(h.homer, seat.ID, orgs.With{}); !errors.Is(err, policies.ErrLastOwner) || fault.Of(err).Kind != fault.Conflict {
					t.Errorf("the last owner leaves: %v", err)
				}
			}
		}
		h.ok(h.EndRole(bart, people[1].Seats[0].ID, orgs.With{}))
		if err := h.Decider.Require(bart, policies.ReadOrg, h.household); !errors.Is(err, policies.ErrHidden) {
			t.Errorf("he left and still sees it: %v", err)
		}
	})
}

func FuzzInvitationToken(f *testing.F) {
	h := newHouse(f, dbtest.SQLite(f))
	f.Add("")
	f.Add("x")
	f.Add(iam.RandomToken().Reveal())
	f.Add(vault.Secret("%2e%2e/").Reveal())
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := h.Invitation(h.out, s); !errors.Is(err, orgs.ErrInvitationUnknown) {
			t.Errorf("%q: %v", s, err)
		}
	})
}
