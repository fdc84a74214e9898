package orgs_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// measuring gives a device of a place a channel, and its owner's reader a key.
func (h *house) measuring(org iam.OrgID, name string, reader iam.UserID) (iam.DeviceID, string) {
	h.t.Helper()
	device := h.device(org, name)
	var c connectors.Channel
	h.ok(h.db.Transaction(func(tx *gorm.DB) (err error) {
		store := h.Connectors.Providers[channels.Provider].(*channels.Store)
		c, err = store.Create(h.out, tx, connectors.Wanted{Op: name, Tenant: h.simpsons, Org: org, Name: name, Fields: []connectors.Field{{Name: "Temperature"}}})
		if err != nil {
			return err
		}
		_, err = store.RevealReadKey(h.out, tx, c.ID, reader, "")
		return err
	}))
	h.ok(h.db.Exec("UPDATE devices SET channel_id = ? WHERE id = ?", c.ID, string(device)).Error)
	return device, c.ID
}

// writeKey is the newest of a channel.
func (h *house) writeKey(channel string) (key string) {
	h.t.Helper()
	h.ok(h.db.Transaction(func(tx *gorm.DB) error {
		c, err := h.Connectors.Providers[channels.Provider].Keys(h.out, tx, h.simpsons, channel)
		key = c.WriteKey.Reveal()
		return err
	}))
	return key
}

func TestBrokenGlassIsHeard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		h.Post = &notify.Service{DB: h.db, Vault: h.Vault, Now: h.now}
		marge := h.join("marge", h.household, policies.Member)
		garage := h.below(h.household, "Garage")
		_, channel := h.measuring(garage, "Cellar", userOf(marge))
		find := func(kind orgs.KeyKind) orgs.Sealed {
			t.Helper()
			all, err := h.Secrets(h.admin, h.simpsons, "")
			h.ok(err)
			i := slices.IndexFunc(all, func(s orgs.Sealed) bool { return s.Kind == kind })
			if i < 0 {
				t.Fatalf("no %s among %+v", kind, all)
			}
			return all[i]
		}
		t.Run("by nobody else, and not without a reason", func(t *testing.T) {
			ref := find(orgs.WriteKey).SecretRef
			for _, who := range []context.Context{h.homer, marge} {
				_, err := h.BreakGlass(who, ref, "curious")
				h.wants(err, policies.ErrRefused)
				_, err = h.Secrets(who, h.household, "")
				if err == nil {
					t.Error("somebody is shown what can be opened")
				}
			}
			_, err := h.BreakGlass(h.admin, ref, "  ")
			h.wants(err, iam.ErrForm)
			_, err = h.BreakGlass(h.admin, ref, strings.Repeat("x", 201))
			h.wants(err, iam.ErrForm)
			_, err = h.BreakGlass(h.admin, orgs.SecretRef{Kind: orgs.SharedReadKey, Channel: channel, Key: "none"}, "typo")
			h.wants(err, policies.ErrHidden)
			if slices.Contains(h.verbs(h.simpsons), "write-key.break-glass") {
				t.Error("what was refused stands as done")
			}
		})
		for kind, verb := range map[orgs.KeyKind]string{orgs.RegistrationKey: "key.break-glass", orgs.WriteKey: "write-key.break-glass", orgs.OwnReadKey: "read-key.break-glass"} {
			b, err := h.BreakGlass(h.admin, find(kind).SecretRef, "the line to the shop is down")
			h.ok(err)
			if len(b.First.Reveal()) < 8 || kind == orgs.WriteKey && b.First.Reveal() != h.writeKey(channel) || kind == orgs.OwnReadKey && b.Holder != "marge" {
				t.Errorf("%s: %+v", kind, b)
			}
			if !slices.Contains(h.verbs(h.simpsons), verb) {
				t.Errorf("no %s in the trail", verb)
			}
			if h.leaks(b.First.Reveal()) {
				t.Errorf("the %s stands in the clear", kind)
			}
		}
		told, err := h.Post.Notices(h.out, string(h.homerID))
		h.ok(err)
		if len(told) != 3 || told[0].Kind != orgs.ToldBreakGlass || told[0].Data["Reason"] != "the line to the shop is down" {
			t.Errorf("Homer hears %+v", told)
		}
		if told, _ := h.Post.Notices(h.out, string(userOf(marge))); len(told) != 0 {
			t.Errorf("Marge, who owns nothing, hears %+v", told)
		}

		t.Run("and what was seen changes with the next move, once", func(t *testing.T) {
			h.pass(time.Minute)
			before := h.writeKey(channel)
			var p orgs.Preview
			h.ok(h.Move(orgs.Rehearse(h.homer, &p), garage, h.plant, orgs.With{}))
			var said []string
			for _, l := range p.Lines() {
				said = append(said, l.ID)
			}
			for _, id := range []string{"preview.key.write-key.rotates.broken", "preview.key.read-key.ends.broken"} {
				if !slices.Contains(said, id) {
					t.Errorf("the preview says %v, not %s", said, id)
				}
			}
			if h.writeKey(channel) != before {
				t.Fatal("a rehearsal changed a key")
			}
			h.ok(h.Move(h.homer, garage, h.plant, orgs.With{}))
			after := h.writeKey(channel)
			if after == before {
				t.Error("the write key is the one that was seen")
			}
			h.pass(time.Minute)
			h.ok(h.Move(h.homer, garage, h.household, orgs.With{}))
			if h.writeKey(channel) != after {
				t.Error("a key that nobody has seen changed")
			}
			if n := strings.Count(strings.Join(h.verbs(h.simpsons), " "), "write-key.rotate"); n != 1 {
				t.Errorf("%d changes in the trail", n)
			}
		})
	})
}
