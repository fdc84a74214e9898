package orgs_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// account makes an account key as that person, and a channel through it; it
// gives the channel and a look at its shared read key.
func (h *house) account(who context.Context, org iam.OrgID) (channels.Account, channels.ID) {
	h.t.Helper()
	store := h.Connectors.Providers[channels.Provider].(*channels.Store)
	_, key, err := orgs.AccountKeys{Orgs: h.Service, Store: store}.Make(who, org)
	h.ok(err)
	a, err := store.Account(who, key.Reveal())
	h.ok(err)
	l, err := store.MakeChannel(who, a, channels.Settings{})
	h.ok(err)
	return a, l.ID
}

func (h *house) readKey(a channels.Account, id channels.ID) string {
	h.t.Helper()
	l, err := h.Connectors.Providers[channels.Provider].(*channels.Store).AccountChannel(h.out, a, id)
	h.ok(err)
	return l.ReadKey.Reveal()
}

func TestSharedReadKeysChangeAsThePlaceWants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		text := func(s string) *string { return &s }
		// somebody who owns Household with Homer, has seen the key or not, and goes
		goes := func(policy string, sees bool, w orgs.With) (changed bool, said map[string]bool) {
			t.Helper()
			name := "abe" + iam.NewID()[12:]
			abe := h.join(name, h.household, policies.Member)
			var id iam.AssignmentID
			h.ok(h.db.Raw("SELECT id FROM assignments WHERE subject_id = ?", string(userOf(abe))).Scan(&id).Error)
			h.ok(h.db.Exec("UPDATE assignments SET role = 'owner' WHERE id = ?", string(id)).Error)
			h.ok(h.db.Exec("UPDATE authz_version SET version = version + 1").Error)
			who := h.homer
			if sees {
				who = abe
			}
			_, err := h.Settle(h.homer, h.household, orgs.Settings{RotateReadKeys: text(policy)}, orgs.With{})
			h.ok(err)
			a, channel := h.account(who, h.household)
			before := h.readKey(a, channel)
			var p orgs.Preview
			h.ok(h.EndRole(orgs.Rehearse(h.homer, &p), id, w))
			if h.readKey(a, channel) != before {
				t.Error("a rehearsal changed a key")
			}
			said = map[string]bool{}
			for _, l := range p.Lines() {
				said[l.ID] = true
			}
			h.ok(h.EndRole(h.homer, id, w))
			changed = h.readKey(a, channel) != before
			h.ok(h.db.Transaction(func(tx *gorm.DB) error {
				return tx.Exec("UPDATE account_keys SET revoked_at = 1, created_by = ? WHERE org_id = ?", string(h.homerID), string(h.household)).Error
			}))
			return changed, said
		}
		for _, c := range []struct {
			policy string
			sees   bool
			w      orgs.With
			want   bool
			say    string
		}{
			{orgs.RotateAlways, false, orgs.With{}, true, "preview.key.shared-read-key.rotates"},
			{orgs.RotateExposed, false, orgs.With{}, false, ""},
			{orgs.RotateExposed, true, orgs.With{}, true, "preview.key.shared-read-key.rotates"},
			{orgs.RotateAsk, true, orgs.With{}, false, "preview.key.shared-read-key.exposed"},
			{orgs.RotateAsk, true, orgs.With{Rotate: true}, true, "preview.key.shared-read-key.rotates"},
		} {
			changed, said := goes(c.policy, c.sees, c.w)
			if changed != c.want {
				t.Errorf("%s, seen %v, asked %v: changed %v", c.policy, c.sees, c.w.Rotate, changed)
			}
			if c.say != "" && !said[c.say] {
				t.Errorf("%s, seen %v: the preview says %v", c.policy, c.sees, said)
			}
			if c.sees && !said["preview.key.account-key.exposed"] && !said["preview.key.account-key.ends"] {
				t.Errorf("%s: nobody says that he made an account key: %v", c.policy, said)
			}
		}
	})
}

func userOf(ctx context.Context) iam.UserID {
	who, _ := policies.Asking(ctx)
	return who
}

func TestWhoLeavesATeamLosesTheKeysThatItGave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		crew, err := h.NewOrg(h.homer, h.simpsons, "Night crew", "team")
		h.ok(err)
		lenny := h.join("lenny", crew.ID, policies.Member)
		_, err = h.GiveRole(h.homer, orgs.RoleRequest{Org: h.plant, To: crew.Slug, Role: "operator"})
		h.ok(err)
		reactor := h.device(h.plant, "reactor")
		a, channel := h.account(h.homer, h.plant)
		h.ok(h.db.Exec("UPDATE devices SET channel_id = ? WHERE id = ?", channel.String(), string(reactor)).Error)
		store := h.Connectors.Providers[channels.Provider].(*channels.Store)
		h.ok(h.db.Transaction(func(tx *gorm.DB) error {
			_, err := store.RevealReadKey(lenny, tx, channel.String(), userOf(lenny), "Lenny")
			return err
		}))
		keys := func() int {
			own, err := store.ReadKeysOf(h.out, userOf(lenny))
			h.ok(err)
			return len(own)
		}
		var p orgs.Preview
		h.ok(h.Leave(orgs.Rehearse(lenny, &p), crew.ID, orgs.With{}))
		if keys() != 1 || len(p.Keys) != 1 || p.Keys[0].Name != "reactor" || len(p.Changes) == 0 {
			t.Errorf("%+v", p)
		}
		h.ok(h.Leave(lenny, crew.ID, orgs.With{}))
		if keys() != 0 || h.readKey(a, channel) == "" {
			t.Error("he left, and his key did not; or somebody else's went")
		}
	})
}
