package orgs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// neighbour founds a tenant next door.
func (h *house) neighbour() (tenant orgs.Org, ned context.Context) {
	h.t.Helper()
	tenant, err := h.NewOrg(h.admin, h.root, "The Flanders", "")
	h.ok(err)
	token, _, err := h.Invite(h.admin, tenant.ID, "ned@flanders.net", "owner")
	h.ok(err)
	user, err := h.Accept(h.out, token.Reveal(), "Ned", iam.Choice{Password: password})
	h.ok(err)
	return tenant, h.as(user)
}

// accepts takes up the invitation that came of sharing or lending, and gives what it carried.
func (h *house) accepts(who context.Context, by orgs.LetIn, err error) iam.AssignmentID {
	h.t.Helper()
	h.ok(err)
	if by.ID != "" || by.Token == "" {
		h.t.Fatalf("%+v: a stranger is let in without being asked", by)
	}
	h.ok(h.AcceptAs(who, by.Token.Reveal()))
	user, _ := policies.Asking(who)
	var id iam.AssignmentID
	h.ok(h.db.Raw("SELECT id FROM assignments WHERE subject_id = ? ORDER BY id DESC LIMIT 1", string(user)).Scan(&id).Error)
	return id
}

// device puts a bare device with that name into a place.
func (h *house) device(org iam.OrgID, name string) iam.DeviceID {
	h.t.Helper()
	id := iam.NewID()
	var connector string
	h.ok(h.db.Raw("SELECT id FROM connectors WHERE tenant_id = ?", string(h.simpsons)).Scan(&connector).Error)
	h.ok(h.db.Exec(`INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, key_id, kid, secret_sealed, connector_id, channel_id,
 version, address, called_at, boarded_at, sealed_at, boardings, created_at) VALUES (?, ?, ?, ?, ?, 'thermometer', '', '', 'active', 'proved', ?, ?, ?, ?, '', 1, '', 1, 1, 1, 1, 1)`,
		id, string(h.simpsons), string(org), name, name, string(h.key), id, []byte{}, connector).Error)
	return iam.DeviceID(id)
}

func TestAShareLetsInFromElsewhereAndNoFurther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		tenant, ned := h.neighbour()
		cellar := h.device(h.household, "cellar")
		marge := h.join("marge", h.household, policies.Member)
		reads := func(who context.Context) bool {
			return h.Decider.MayDevice(who, policies.ReadDevice, h.household, cellar)
		}

		t.Run("who may not share shares nothing", func(t *testing.T) {
			_, err := h.Share(marge, orgs.ShareRequest{Device: cellar, To: "ned@flanders.net", Role: "viewer"})
			h.wants(err, policies.ErrRefused)
			_, err = h.Share(ned, orgs.ShareRequest{Device: cellar, To: "ned@flanders.net", Role: "viewer"})
			h.wants(err, policies.ErrHidden)
			_, err = h.Share(h.homer, orgs.ShareRequest{Device: cellar, To: "ned@flanders.net", Role: "manager"})
			h.wants(err, iam.ErrForm)
			_, err = h.Share(h.homer, orgs.ShareRequest{Org: h.household, To: "no-such-tenant", Role: "viewer"})
			h.wants(err, iam.ErrForm)
		})

		asked, err := h.Share(h.homer, orgs.ShareRequest{Device: cellar, To: "ned@flanders.net", Role: "viewer", Until: h.now().Add(48 * time.Hour)})
		if reads(ned) {
			t.Fatal("he was let in before he said yes")
		}
		one := h.accepts(ned, asked, err)
		if !reads(ned) || h.sees(ned, h.household) {
			t.Fatal("he shall see the device, and not the place")
		}
		t.Run("who is known here is let in at once", func(t *testing.T) {
			attic := h.device(h.household, "attic")
			more, err := h.Share(h.homer, orgs.ShareRequest{Device: attic, To: "ned@flanders.net", Role: "viewer"})
			h.ok(err)
			if more.ID == "" || more.Token != "" || !h.Decider.MayDevice(ned, policies.ReadDevice, h.household, attic) {
				t.Errorf("%+v", more)
			}
			h.ok(h.EndShare(h.homer, more.ID, orgs.With{}))
		})
		_, with, err := h.Shares(ned)
		h.ok(err)
		if len(with) != 1 || with[0].DeviceName != "cellar" || with[0].TenantName != "The Simpsons" {
			t.Errorf("%+v", with)
		}
		t.Run("what was shared is not handed on", func(t *testing.T) {
			_, err := h.Share(ned, orgs.ShareRequest{Device: cellar, To: "marge@simps.net", Role: "viewer"})
			h.wants(err, policies.ErrRefused)
			_, err = h.Lend(ned, orgs.LendRequest{Leans: one, To: "marge@simps.net", Until: h.now().Add(time.Hour)})
			h.wants(err, policies.ErrLent)
			h.wants(h.SetRoleEnd(ned, one, time.Time{}, orgs.With{}), policies.ErrUpward)
		})
		h.pass(48 * time.Hour)
		if reads(ned) {
			t.Error("the share is over and still opens")
		}

		t.Run("to an organisation it holds when that accepts", func(t *testing.T) {
			all, err := h.Share(h.homer, orgs.ShareRequest{Org: h.household, To: tenant.Slug, Role: "member"})
			h.ok(err)
			if !all.Waiting || reads(ned) {
				t.Fatalf("%+v", all)
			}
			h.wants(h.AcceptShare(h.homer, all.ID), policies.ErrHidden)
			h.wants(h.AcceptShare(marge, all.ID), policies.ErrHidden)
			_, with, err := h.Shares(ned)
			h.ok(err)
			if len(with) != 1 || !with[0].Waiting {
				t.Fatalf("%+v", with)
			}
			h.ok(h.AcceptShare(ned, all.ID))
			if !reads(ned) || !h.sees(ned, h.household) {
				t.Error("accepted, and he sees nothing")
			}
			by, _, err := h.Shares(h.homer)
			h.ok(err)
			if len(by) != 1 || by[0].Name != "The Flanders" || by[0].Waiting {
				t.Errorf("%+v", by)
			}
			h.wants(h.EndShare(marge, all.ID, orgs.With{}), policies.ErrHidden)
			h.ok(h.EndShare(ned, all.ID, orgs.With{Reason: "diddly"}))
			if reads(ned) {
				t.Error("ended, and still open")
			}
			h.wants(h.EndShare(h.homer, all.ID, orgs.With{}), policies.ErrHidden)
		})
		t.Run("who cannot share any more shares nothing that waits", func(t *testing.T) {
			bart := h.join("bart", h.household, policies.Manager)
			all, err := h.Share(bart, orgs.ShareRequest{Org: h.household, To: string(tenant.ID), Role: "viewer"})
			h.ok(err)
			h.ok(h.Leave(bart, h.household, orgs.With{}))
			h.wants(h.AcceptShare(ned, all.ID), orgs.ErrVoid)
			h.ok(h.DeclineShare(ned, all.ID, orgs.With{}))
		})
		t.Run("a stranger gets an invitation that carries it", func(t *testing.T) {
			by, err := h.Share(h.homer, orgs.ShareRequest{Device: cellar, To: "moe@tavern.net", Role: "member", Until: h.now().Add(time.Hour)})
			h.ok(err)
			shown, err := h.Invitation(h.out, by.Token.Reveal())
			h.ok(err)
			if !shown.Share || shown.Device != cellar || shown.OrgName != "cellar" || shown.Devices != 1 {
				t.Errorf("%+v", shown)
			}
			user, err := h.Accept(h.out, by.Token.Reveal(), "Moe", iam.Choice{Password: password})
			h.ok(err)
			if !reads(h.as(user)) || h.sees(h.as(user), h.household) {
				t.Error("he shall see the device alone")
			}
			h.pass(time.Hour)
			if reads(h.as(user)) {
				t.Error("for an hour, it was said")
			}
		})
	})
}

func TestADeputyStandsInAndNoLonger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		_, ned := h.neighbour()
		marge := h.join("marge", h.household, policies.Member)
		bart := h.join("bart", h.household, policies.Manager)
		role := func(who context.Context, want policies.Role) iam.AssignmentID {
			user, _ := policies.Asking(who)
			held, err := h.Decider.Of(who, user)
			h.ok(err)
			for _, a := range held {
				if a.Role == want {
					return a.ID
				}
			}
			h.t.Fatalf("nobody is %s", want)
			return ""
		}
		owner, manager := role(h.homer, policies.Owner), role(bart, policies.Manager)
		sunday := h.now().Add(72 * time.Hour)
		_, err := h.Lend(h.homer, orgs.LendRequest{Leans: owner, To: "ned@flanders.net", Role: "owner", Until: sunday})
		h.wants(err, policies.ErrLent)
		_, err = h.Lend(h.homer, orgs.LendRequest{Leans: owner, To: "ned@flanders.net", Role: "manager"})
		h.wants(err, iam.ErrForm) // without an end
		_, err = h.Lend(marge, orgs.LendRequest{Leans: owner, To: "ned@flanders.net", Until: sunday})
		h.wants(err, policies.ErrHidden)
		_, err = h.Lend(marge, orgs.LendRequest{Leans: role(marge, policies.Member), To: "ned@flanders.net", Until: sunday})
		h.wants(err, iam.ErrForm) // who may not share brings nobody in from elsewhere
		asked, err := h.Lend(h.homer, orgs.LendRequest{Leans: owner, To: "ned@flanders.net", Role: "manager", Until: sunday, Reason: "holidays"})
		if h.sees(ned, h.plant) {
			t.Fatal("he stands in before he said yes")
		}
		shown, _ := h.Invitation(h.out, asked.Token.Reveal())
		if !shown.Deputy || shown.Inviter != "Homer" || !shown.Until.Equal(sunday) || !shown.ExpiresAt.Equal(sunday) {
			t.Errorf("%+v", shown)
		}
		lent := h.accepts(ned, asked, err)
		if !h.Decider.May(ned, policies.ManageDevice, h.plant) || h.Decider.May(ned, policies.ManageConnector, h.plant) {
			t.Error("a deputy manager may what a manager may")
		}
		mine, _, err := h.Deputies(h.homer)
		h.ok(err)
		_, his, err := h.Deputies(ned)
		h.ok(err)
		if len(mine) != 1 || len(his) != 1 || his[0].LenderName != "Homer" || mine[0].DeputyName != "Ned" {
			t.Errorf("%+v %+v", mine, his)
		}
		_, err = h.Lend(ned, orgs.LendRequest{Leans: lent, To: "marge@simps.net", Until: sunday})
		h.wants(err, policies.ErrLent)
		h.wants(h.SetRoleEnd(ned, lent, sunday.Add(time.Hour), orgs.With{}), policies.ErrUpward)
		h.pass(72*time.Hour - 1)
		if !h.sees(ned, h.plant) {
			t.Error("too early")
		}
		h.pass(time.Second)
		if h.sees(ned, h.plant) {
			t.Error("it is Sunday")
		}
		t.Run("and not when the lender has lost it", func(t *testing.T) {
			hour := orgs.LendRequest{Leans: manager, To: "ned@flanders.net", Until: h.now().Add(time.Hour)}
			asked, err := h.Lend(bart, hour)
			h.accepts(ned, asked, err)
			hour.To = "moe@tavern.net"
			waits, err := h.Lend(bart, hour)
			h.ok(err)
			if open, err := h.Invitations(h.homer, h.household); err != nil || len(open) != 1 || !open[0].Deputy {
				t.Errorf("%+v %v", open, err)
			}
			if !h.sees(ned, h.household) {
				t.Fatal("lent, and he sees nothing")
			}
			h.ok(h.EndRole(h.homer, manager, orgs.With{}))
			if h.sees(ned, h.household) {
				t.Error("the lender has nothing, the deputy has it")
			}
			_, err = h.Accept(h.out, waits.Token.Reveal(), "Moe", iam.Choice{Password: password})
			h.wants(err, orgs.ErrVoid)
			if _, his, _ := h.Deputies(ned); len(his) != 0 {
				t.Errorf("%+v", his)
			}
		})
	})
}

func TestNobodyGivesHimselfMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		tenant, ned := h.neighbour()
		soon := h.now().Add(time.Hour)
		bart := h.join("bart", h.household, policies.Member)
		id, err := h.GiveRole(h.homer, orgs.RoleRequest{Org: h.household, To: "bart@simps.net", Role: "manager", Until: soon})
		h.ok(err)
		give := func(who context.Context, org iam.OrgID, to, role string) error {
			_, err := h.GiveRole(who, orgs.RoleRequest{Org: org, To: to, Role: role})
			return err
		}
		h.wants(give(bart, h.household, "bart@simps.net", "owner"), policies.ErrBeyond)
		h.wants(give(bart, h.simpsons, "bart@simps.net", "manager"), policies.ErrHidden)
		h.wants(give(bart, h.plant, "bart@simps.net", "viewer"), policies.ErrHidden)
		h.wants(give(bart, tenant.ID, "bart@simps.net", "viewer"), policies.ErrHidden)
		h.wants(give(ned, h.household, "ned@flanders.net", "viewer"), policies.ErrHidden)
		h.wants(give(bart, h.household, "nobody@simps.net", "viewer"), iam.ErrForm)
		h.wants(h.SetRoleEnd(bart, id, time.Time{}, orgs.With{}), policies.ErrUpward)
		lisa := h.join("lisa", h.household, policies.Viewer)
		t.Run("nor longer than he has it", func(t *testing.T) {
			user, _ := policies.Asking(lisa)
			given, err := h.GiveRole(bart, orgs.RoleRequest{Org: h.household, To: string(user), Role: "operator"})
			h.ok(err)
			a, err := h.Decider.Find(h.out, given)
			h.ok(err)
			if !a.Until.Equal(soon) {
				t.Errorf("until %v, Bart has it until %v", a.Until, soon)
			}
			h.ok(give(bart, h.household, "bart@simps.net", "manager")) // again, and it is no longer for that
		})
		t.Run("longer by who may", func(t *testing.T) {
			h.ok(h.SetRoleEnd(h.homer, id, soon.Add(time.Hour), orgs.With{}))
			h.wants(h.SetRoleEnd(h.homer, id, h.now().Add(-time.Hour), orgs.With{}), policies.ErrPast)
		})
		h.pass(3 * time.Hour)
		if h.Decider.May(bart, policies.ManageDevice, h.household) || !h.sees(bart, h.household) {
			t.Error("he is a manager for good, or nothing at all")
		}
		t.Run("the last owner stays", func(t *testing.T) {
			h.wants(h.Leave(h.homer, h.simpsons, orgs.With{}), policies.ErrLastOwner)
			if !h.Decider.May(h.homer, policies.ManageConnector, h.simpsons) {
				t.Error("and is still one")
			}
			held, err := h.Decider.Of(h.homer, h.homerID)
			h.ok(err)
			for _, a := range held {
				if a.Role == policies.Owner {
					h.wants(h.SetRoleEnd(h.homer, a.ID, h.now().Add(time.Hour), orgs.With{}), policies.ErrLastOwner)
				}
			}
		})
		t.Run("a team's people have what the team has", func(t *testing.T) {
			crew, err := h.NewOrg(h.homer, h.simpsons, "Night crew", "team")
			h.ok(err)
			lenny := h.join("lenny", crew.ID, policies.Member)
			id, err := h.GiveRole(h.homer, orgs.RoleRequest{Org: h.plant, To: crew.Slug, Role: "operator"})
			h.ok(err)
			if !h.Decider.May(lenny, policies.ManageDevice, h.plant) {
				t.Error("Lenny is of the crew")
			}
			h.ok(h.EndRole(h.homer, id, orgs.With{}))
			if h.sees(lenny, h.plant) {
				t.Error("the crew's role is over")
			}
		})
	})
}

func TestARoleOfOnesOwnIsMadeOfWhatOneMay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		marge := h.join("marge", h.household, policies.Viewer)
		bart := h.join("bart", h.household, policies.Manager)
		_, err := h.MakeCustomRole(bart, h.simpsons, "Night watch", []string{"set:view"})
		h.wants(err, policies.ErrHidden)
		_, err = h.MakeCustomRole(h.homer, h.simpsons, "Night watch", []string{"owner"})
		h.wants(err, iam.ErrForm)
		_, err = h.MakeCustomRole(h.homer, h.simpsons, "Night watch", nil)
		h.wants(err, iam.ErrForm)
		_, err = h.MakeCustomRole(h.admin, h.simpsons, "Peep", []string{"set:view"}) // the platform looks into no home
		h.wants(err, iam.ErrForm)
		role, err := h.MakeCustomRole(h.homer, h.simpsons, "Night watch", []string{"set:view", "set:operate"})
		h.ok(err)
		_, err = h.MakeCustomRole(h.homer, h.simpsons, "Night watch", []string{"set:view"})
		h.wants(err, iam.ErrForm)
		_, err = h.GiveRole(h.homer, orgs.RoleRequest{Org: h.household, To: "marge@simps.net", Role: string(role.Role)})
		h.ok(err)
		if !h.Decider.May(marge, policies.ManageDevice, h.household) || h.Decider.May(marge, policies.RevealReadKey, h.household) {
			t.Error("the bundle is not what it was made of")
		}
		_, err = h.ChangeCustomRole(h.homer, role.Role, "Night watch", []string{"set:view", "set:read-keys"}, orgs.With{})
		h.ok(err)
		if h.Decider.May(marge, policies.ManageDevice, h.household) || !h.Decider.May(marge, policies.RevealReadKey, h.household) {
			t.Error("the change does not hold at once")
		}
		all, err := h.CustomRoles(h.homer, h.simpsons)
		h.ok(err)
		if len(all) != 1 || len(all[0].Sets) != 2 {
			t.Errorf("%+v", all)
		}
		h.wants(h.EndCustomRole(bart, role.Role, orgs.With{}), policies.ErrHidden)
		h.ok(h.EndCustomRole(h.homer, role.Role, orgs.With{}))
		if h.Decider.May(marge, policies.RevealReadKey, h.household) || !h.sees(marge, h.household) {
			t.Error("an ended role still gives something, or took more than its own")
		}
		if _, err := h.CustomRole(h.homer, role.Role); !errors.Is(err, policies.ErrHidden) {
			t.Errorf("%v", err)
		}
	})
}

func TestAPreviewDoesNotCountTheNeighbours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		tenant, ned := h.neighbour()
		cellar := h.device(h.household, "cellar")
		for _, one := range []orgs.ShareRequest{{Org: h.household, To: string(tenant.ID), Role: "viewer"}, {Device: cellar, To: string(tenant.ID), Role: "viewer"}} {
			var p orgs.Preview
			_, err := h.Share(orgs.Rehearse(h.homer, &p), one)
			h.ok(err)
			if p.Gain != 0 || !p.Outside.Gain || p.Outside.Lose || len(p.Changes) != 0 {
				t.Errorf("%+v", p)
			}
		}
		share, err := h.Share(h.homer, orgs.ShareRequest{Org: h.household, To: string(tenant.ID), Role: "viewer"})
		h.ok(err)
		h.ok(h.AcceptShare(ned, share.ID))
		var p orgs.Preview
		h.ok(h.EndShare(orgs.Rehearse(h.homer, &p), share.ID, orgs.With{}))
		if p.Lose != 0 || !p.Outside.Lose {
			t.Errorf("%+v", p)
		}
		h.ok(h.EndShare(orgs.Rehearse(ned, &p), share.ID, orgs.With{}))
		if len(p.Changes) != 1 || p.Outside.Lose {
			t.Errorf("of his own people Ned is told: %+v", p)
		}
	})
}
