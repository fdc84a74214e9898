package api

import (
	"io"
	"strings"
	"testing"
	"time"

	. "halfkey/devices/devicestest"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// The published code of the first story had these holes; each stays closed.
// See also: no rate limit, TestHalvesAreNotGuessed; no way to change a key,
// TestAKeyThatReplacesAnotherServesItsDevices.

// It answered channel and write key in clear.
func TestNothingIsAnsweredInClear(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	for _, key := range []Key{d.Key(t, Classic), d.Key(t, SimpleDoor)} {
		serial := serialNo + string(key.Form)
		r := d.simple(key, serial).wants(t, 200)
		c := d.boardSimple(t, key, serial)
		if text := r.Body.String(); strings.Contains(text, c.WriteKey) || strings.Contains(text, "channel") || strings.Count(text, ".") != 4 {
			t.Errorf("%s: %s", key.Form, text)
		}
	}
}

// It looked a device up by its serial over all customers: any customer's key and
// any serial returned that device's write key.
func TestAnotherCustomersKeyOpensNobodysDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homers := d.board(t, d.Key(t), serialNo, 201)
		neds := d.board(t, d.Key(t, In(d.Flander)), serialNo, 201) // two devices that know nothing of each other
		if neds.Channel.ID == homers.Channel.ID || neds.Channel.WriteKey == homers.Channel.WriteKey || neds.Device == homers.Device {
			t.Fatal("Ned's key opens Homer's device")
		}
	})
}

// It drew keys from a generator that could be predicted, 40.9 bits a half.
func TestKeysCannotBeForeseen(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	seen := map[string]bool{}
	letters := map[rune]int{}
	for range 100 {
		key := d.Key(t)
		first, second := key.First, key.Second.Reveal()
		if len(first) != 10 || len(second) != 26 || seen[first] || seen[second] {
			t.Fatalf("%d and %d characters, or one of them twice", len(first), len(second))
		}
		seen[first], seen[second] = true, true
		for _, c := range first + second {
			letters[c]++
		}
	}
	for c, n := range letters { // 3600 characters, 112 of each on the average
		if n < 50 || n > 200 {
			t.Errorf("%c was drawn %d times", c, n)
		}
	}
	if len(letters) != 32 {
		t.Errorf("%d different characters", len(letters))
	}
}

// Its keys never ended.
func TestAKeyEnds(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t, Classic) // ninety days and twenty devices unless said otherwise
	for i := range 20 {
		d.boardSimple(t, key, serialNo+string(rune('a'+i)))
	}
	d.simple(key, serialNo+"z").wants(t, 403)
	other := d.Key(t, Classic)
	d.Clock.Pass(91 * 24 * time.Hour)
	d.simple(other, serialNo).wants(t, 403)
}

// It ran as the administrator: what a device does is done by the device.
func TestADeviceActsAsItself(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	d.board(t, d.Key(t), serialNo, 201)
	var actor string
	err := d.DB.Raw("SELECT actor_type || ' ' || actor_id FROM audit WHERE verb = 'device.board'").Row().Scan(&actor)
	if err != nil || actor != "device "+serialNo {
		t.Fatalf("%q %v", actor, err)
	}
}
