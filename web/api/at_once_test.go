package api

import (
	"io"
	"strconv"
	"sync"
	"testing"

	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// Any number of requests for one serial at one instant: one device, one
// channel, one 201, all answered alike.
func TestTwoRegistrationsOfOneSerialAtOnceAreOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t)
		const many = 24
		var calls sync.WaitGroup
		var replies [many]reply
		var nonces [many]wire.Nonce
		for i := range many {
			calls.Go(func() { replies[i], nonces[i] = d.proved(key, serialNo) })
		}
		calls.Wait()
		created := 0
		var first wire.Credentials
		for i, r := range replies {
			if r.Code == 201 {
				created++
			} else {
				r.wants(t, 200)
			}
			c := opened(t, r, key, serialNo, nonces[i])
			if c.Now = 0; i == 0 {
				first = c
			}
			if c != first {
				t.Fatalf("%+v\n%+v", c, first)
			}
		}
		var channels, devices int
		db.Gorm.Raw("SELECT COUNT(*) FROM channels").Scan(&channels)
		db.Gorm.Raw("SELECT COUNT(*) FROM devices").Scan(&devices)
		if created != 1 || channels != 1 || devices != 1 || d.Uses(t, key) != 1 || d.Lines(t, "device.board") != 1 {
			t.Fatalf("%d created, %d channels, %d devices, %d uses", created, channels, devices, d.Uses(t, key))
		}
	})
}

func TestManyDevicesAtOnceShareAKeyWithAMaximum(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t)
		d.Set(t, key, "max_uses", 5)
		var calls sync.WaitGroup
		var replies [12]reply
		for i := range replies {
			calls.Go(func() { replies[i], _ = d.proved(key, "s"+strconv.Itoa(i)) })
		}
		calls.Wait()
		boarded := 0
		for _, r := range replies {
			if r.Code == 201 {
				boarded++
			} else {
				r.wants(t, 403)
			}
		}
		if boarded != 5 || d.Uses(t, key) != 5 {
			t.Fatalf("%d boarded, %d uses", boarded, d.Uses(t, key))
		}
	})
}

func TestSquatterAndDeviceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, t.Output())
		key := d.Key(t, SimpleDoor)
		var calls sync.WaitGroup
		var proved, simple [8]reply
		for i := range proved {
			calls.Go(func() { proved[i], _ = d.proved(key, serialNo) })
			calls.Go(func() { simple[i] = d.simple(key, serialNo) })
		}
		calls.Wait()
		created := 0
		for i := range proved {
			if proved[i].Code == 201 {
				created++
			} else {
				proved[i].wants(t, 200)
			}
			if simple[i].Code != 200 {
				simple[i].wants(t, 403)
			}
		}
		if created != 1 || d.Uses(t, key) != 1 {
			t.Fatalf("%d created, %d uses", created, d.Uses(t, key))
		}
	})
}
