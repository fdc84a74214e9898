package api

import (
	"errors"
	"io"
	"testing"

	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestASoldDeviceKeepsNothingOfItsOldOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer, marge, ned := As(t, d.Homer), As(t, d.Marge), As(t, d.Ned)
		old := d.board(t, d.Key(t, In(d.Household)), serialNo, 201)
		list, err := d.List(homer, devicesFilter(""))
		if err != nil || len(list) != 1 {
			t.Fatal(len(list), err)
		}
		id := list[0].ID
		if err := d.Rename(homer, id, "Cellar"); err != nil {
			t.Fatal(err)
		}
		his, err := d.RevealReadKey(marge, id)
		if err != nil {
			t.Fatal(err)
		}
		t.Run("it is its owner's to offer", func(t *testing.T) {
			if _, err := d.OfferTransfer(marge, id, string(d.Flander), orgs.With{}); !errors.Is(err, policies.ErrRefused) {
				t.Errorf("%v", err)
			}
			if _, err := d.OfferTransfer(ned, id, string(d.Flander), orgs.With{}); !errors.Is(err, devices.ErrUnknown) {
				t.Errorf("%v", err)
			}
			if _, err := d.OfferTransfer(homer, id, string(d.Simpsons), orgs.With{}); !errors.Is(err, iam.ErrForm) {
				t.Errorf("%v", err)
			}
		})
		var p orgs.Preview
		if _, err := d.OfferTransfer(orgs.Rehearse(homer, &p), id, string(d.Flander), orgs.With{}); err != nil {
			t.Fatal(err)
		}
		said := ids(p)
		for _, want := range []string{"preview.lose.values", "preview.outside.gain", "preview.key.read-key.ends", "preview.key.write-key.ends"} {
			if !said[want] {
				t.Errorf("the preview does not say %s: %v", want, said)
			}
		}
		if in, out, _ := d.Transfers(homer); len(in)+len(out) != 0 || d.Lines(t, "device.sell") != 0 {
			t.Fatal("a rehearsal left something")
		}
		offer, err := d.OfferTransfer(homer, id, string(d.Flander), orgs.With{Reason: "for his garden"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.OfferTransfer(homer, id, string(d.Flander), orgs.With{}); !errors.Is(err, devices.ErrOffered) {
			t.Errorf("offered twice: %v", err)
		}
		in, _, err := d.Transfers(ned)
		if err != nil || len(in) != 1 || in[0].Name != "Cellar" || in[0].TenantName != "The Simpsons" {
			t.Fatalf("%+v %v", in, err)
		}
		for _, who := range []struct {
			name string
			err  error
		}{
			{"the seller", func() error { _, err := d.AcceptTransfer(homer, offer, d.Plant); return err }()},
			{"a member of the seller's", func() error { _, err := d.AcceptTransfer(marge, offer, d.Household); return err }()},
			{"into somebody else's", func() error { _, err := d.AcceptTransfer(ned, offer, d.Household); return err }()},
		} {
			if !errors.Is(who.err, devices.ErrTransferUnknown) && !errors.Is(who.err, devices.ErrElsewhere) {
				t.Errorf("%s takes it over: %v", who.name, who.err)
			}
		}
		mine, err := d.AcceptTransfer(ned, offer, d.Flander)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.AcceptTransfer(ned, offer, d.Flander); !errors.Is(err, devices.ErrTransferUnknown) {
			t.Errorf("taken over twice: %v", err)
		}
		got, err := d.Get(ned, mine)
		if err != nil || got.Name != "Cellar" || got.Serial != serialNo || got.Channel == old.Channel.ID {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := d.Get(homer, mine); !errors.Is(err, devices.ErrUnknown) {
			t.Errorf("Homer sees what he sold: %v", err)
		}
		if was, err := d.Get(homer, id); err != nil || was.State != devices.Retired {
			t.Errorf("Homer's history of it: %+v %v", was, err)
		}
		if _, err := d.Get(ned, id); !errors.Is(err, devices.ErrUnknown) {
			t.Errorf("Ned sees what it measured before: %v", err)
		}
		var channel int64
		db.Gorm.Raw("SELECT CAST(? AS BIGINT)", old.Channel.ID).Scan(&channel)
		for what, key := range map[string]string{"the write key": old.Channel.WriteKey, "Marge's read key": his.Reveal()} {
			var works int
			db.Gorm.Raw("SELECT COUNT(*) FROM channel_keys WHERE digest = ? AND revoked_at IS NULL", d.Vault.MAC("channel-key", []byte(key))).Scan(&works)
			if works != 0 {
				t.Errorf("%s still works", what)
			}
		}
		t.Run("it comes aboard again with a key of its new owner's", func(t *testing.T) {
			r, _ := d.proved(d.Key(t, In(d.Household)), serialNo)
			if r.Code == 200 || r.Code == 201 {
				t.Fatalf("with the old owner's key: %d", r.Code)
			}
			key, err := d.Orgs.EnsureKey(ned, d.Flander)
			if err != nil {
				t.Fatal(err)
			}
			first, second, err := d.Orgs.RevealKey(ned, key.ID)
			if err != nil {
				t.Fatal(err)
			}
			fresh := d.board(t, Key{RegKey: wire.RegKey{Form: wire.Form(key.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}, ID: key.ID}, serialNo, 201)
			if fresh.Channel.ID != got.Channel || fresh.Channel.WriteKey == old.Channel.WriteKey || fresh.Device.Secret == old.Device.Secret || fresh.Device.Kid == old.Device.Kid {
				t.Errorf("%+v", fresh.Channel)
			}
		})
	})
}

func TestASoldDeviceGetsItsChannelWhereItsNewOwnersAre(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer, ned, there := As(t, d.Homer), As(t, d.Ned), newHosted(t)
		desk := d.connect(t, io.Discard)
		old := d.board(t, d.Key(t, In(d.Household)), serialNo, 201)
		good(desk.Open(ned, d.Flander, d.Flander, there.draft(there.account)))(t)
		desk.Stop() // from here on it works when it is told to
		sold := good(d.List(homer, devicesFilter("")))(t)[0].ID
		offer := good(d.OfferTransfer(homer, sold, string(d.Flander), orgs.With{}))(t)
		mine := good(d.AcceptTransfer(ned, offer, d.Flander))(t)
		good(0, desk.Run(t.Context()))(t)
		// That he pauses it before its first call takes nothing of his yes away.
		good(0, d.Suspend(ned, mine))(t)
		good(0, d.Resume(ned, mine))(t)
		good(0, desk.Run(t.Context()))(t)
		key := good(d.Orgs.EnsureKey(ned, d.Flander))(t)
		first, second, err := d.Orgs.RevealKey(ned, key.ID)
		good(0, err)(t)
		c := d.board(t, Key{RegKey: wire.RegKey{Form: wire.Form(key.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}, ID: key.ID}, serialNo, 201)
		if c.Channel.UpdateURL != there.url+"/update" || c.Channel.WriteKey == old.Channel.WriteKey {
			t.Errorf("it is told %+v", c.Channel)
		}
	})
}

// ids are the sentences of a preview.
func ids(p orgs.Preview) map[string]bool {
	said := map[string]bool{}
	for _, l := range p.Lines() {
		said[l.ID] = true
	}
	return said
}
