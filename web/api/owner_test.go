package api

import (
	"errors"
	"io"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/iam/live"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestADeviceMovesWithItsChannelAndOutOfSight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer, marge, ned := As(t, d.Homer), As(t, d.Marge), As(t, d.Ned)
		c := d.board(t, d.Key(t, In(d.Household)), serialNo, 201)
		list, err := d.List(marge, devicesFilter(""))
		if err != nil || len(list) != 1 {
			t.Fatalf("Marge sees %d devices, %v", len(list), err)
		}
		id := list[0].ID
		if _, err := d.RevealReadKey(marge, id); err != nil {
			t.Fatal(err)
		}
		if err := d.Move(marge, id, d.Household, orgs.With{}); !errors.Is(err, policies.ErrRefused) {
			t.Fatalf("a member moves: %v", err)
		}
		for _, to := range []error{d.Move(homer, id, d.Flander, orgs.With{}), d.Move(ned, id, d.Flander, orgs.With{})} {
			if !errors.Is(to, devices.ErrElsewhere) && !errors.Is(to, devices.ErrUnknown) {
				t.Fatalf("out of the tenant: %v", to)
			}
		}
		if err := d.Move(homer, id, d.Plant, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if list, _ := d.List(marge, devicesFilter("")); len(list) != 0 {
			t.Fatal("Marge still sees it")
		}
		for what, err := range map[string]error{
			"get":    func() error { _, err := d.Get(marge, id); return err }(),
			"key":    func() error { _, err := d.RevealReadKey(marge, id); return err }(),
			"rename": d.Rename(marge, id, "Mine"),
		} {
			if !errors.Is(err, devices.ErrUnknown) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n, _ := d.Count(marge, devicesFilter(serialNo[:4])); n != 0 {
			t.Fatal("the count tells of it")
		}
		var org string
		db.Gorm.Raw("SELECT org_id FROM channels WHERE id = CAST(? AS BIGINT)", c.Channel.ID).Scan(&org)
		if org != string(d.Plant) || d.Lines(t, "device.move") != 1 || d.Lines(t, "read-key.reveal") != 1 {
			t.Fatal("the channel stayed, or the trail is silent")
		}
	})
}

// A yes is for the key that was asked with. Who then proves that he holds
// another one does not wait for a month without anybody being asked.
func TestAYesForOneKeyDoesNotSilenceAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer := As(t, d.Homer)
		ask := func(key Key) {
			t.Helper()
			r, _ := d.proved(key, serialNo)
			r.wants(t, 202)
		}
		accept := func() {
			t.Helper()
			list, err := d.Waiting(homer, "")
			if err != nil || len(list) != 1 {
				t.Fatalf("%d questions are open, %v", len(list), err)
			}
			if err := d.Accept(homer, list[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		one, other := d.Key(t, Boarding("approve")), d.Key(t, Boarding("approve"))
		ask(one)
		accept()
		ask(other)
		accept()
		d.board(t, other, serialNo, 201)
	})
}

func TestSuspendedDeviceIsTurnedAwayUntilResumed(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	homer, marge := As(t, d.Homer), As(t, d.Marge)
	key := d.Key(t, In(d.Household))
	c := d.board(t, key, serialNo, 201)
	value := channels.Entry{Status: &c.Channel.ID}
	list, _ := d.List(homer, devicesFilter(serialNo))
	id := list[0].ID
	if err := d.Suspend(marge, id); !errors.Is(err, policies.ErrRefused) {
		t.Fatalf("a member suspends: %v", err)
	}
	for range 2 {
		if err := d.Suspend(homer, id); err != nil {
			t.Fatal(err)
		}
	}
	if v, _ := d.Get(homer, id); v.Presence != devices.Paused {
		t.Fatal(v.Presence)
	}
	r, _ := d.proved(key, serialNo)
	r.wants(t, 403)
	if _, err := d.Channels.Write(t.Context(), c.Channel.WriteKey, value); !errors.Is(err, channels.ErrKey) {
		t.Fatalf("its channel takes values: %v", err)
	}
	if err := d.Resume(homer, id); err != nil {
		t.Fatal(err)
	}
	if again := d.board(t, key, serialNo, 200); again.Channel != c.Channel {
		t.Fatalf("%+v", again.Channel)
	}
	if _, err := d.Channels.Write(t.Context(), c.Channel.WriteKey, value); err != nil {
		t.Fatal(err)
	}
	if d.Lines(t, "device.suspend") != 1 || d.Lines(t, "device.resume") != 1 {
		t.Fatal("the second suspension is in the trail too")
	}
}

func TestListsAreCutFilteredAndPaged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer := As(t, d.Homer)
		key := d.Key(t)
		for _, serial := range []string{"a1", "a2", "b_1", "bx1"} {
			d.board(t, key, serial, 201)
		}
		first, err := d.List(homer, devices.Filter{Limit: 3})
		if err != nil || len(first) != 3 {
			t.Fatalf("%d %v", len(first), err)
		}
		rest, _ := d.List(homer, devices.Filter{Limit: 3, After: first[2].ID})
		if len(rest) != 1 || rest[0].Serial != "a1" {
			t.Fatalf("%+v", rest)
		}
		if err := d.Rename(homer, rest[0].ID, "Attic Ünder"); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]int{"a": 2, "b_": 1, "attic": 1, "%": 0, "z": 0, "": 4} {
			if n, err := d.Count(homer, devicesFilter(text)); err != nil || n != want {
				t.Errorf("%q: %d, want %d (%v)", text, n, want, err)
			}
		}
		if list, _ := d.List(As(t, d.Ned), devicesFilter("")); len(list) != 0 {
			t.Fatal("the neighbour sees them")
		}
		if n, _ := d.Count(homer, devices.Filter{Org: d.Plant}); n != 0 {
			t.Fatalf("%d in the power plant", n)
		}
	})
}

func TestTheAddDevicePageHearsOfArrivalsAndNearMisses(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	heard := d.Listen(t)
	homer := As(t, d.Homer)
	key := d.Key(t)
	since := d.Now()
	forged := key
	forged.Second = d.Key(t).Second
	r, _ := d.proved(forged, serialNo)
	r.wants(t, 403)
	d.board(t, key, serialNo, 201)
	for {
		select {
		case e := <-heard:
			if e.Kind != live.Device {
				continue
			}
		case <-time.After(5 * time.Second):
			t.Fatal("nothing was heard of the arrival")
		}
		break
	}
	came, err := d.Arrivals(homer, key.ID, since)
	if err != nil || len(came) != 1 || came[0].Serial != serialNo {
		t.Fatalf("%+v %v", came, err)
	}
	d.Causes(t)
	misses, err := d.NearMisses(homer, key.ID, since)
	if err != nil || len(misses) != 1 || misses[0].Serial != serialNo || misses[0].Cause != "proof-wrong" {
		t.Fatalf("%+v %v", misses, err)
	}
	if _, err := d.NearMisses(As(t, d.Ned), key.ID, since); err == nil {
		t.Fatal("the neighbour hears of them")
	}
}
