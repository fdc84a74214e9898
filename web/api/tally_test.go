package api

import (
	"io"
	"maps"
	"testing"

	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/migrations/dbtest"

	"github.com/labstack/echo/v4"
)

func TestWhatRegistrationsCameToIsCounted(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	var n Tally
	d.echo = echo.New()
	(&Handler{Devices: d.Service, Log: d.Log, Tally: &n}).Mount(d.echo)
	key, shy := d.Key(t, SimpleDoor), d.Key(t, Boarding("approve"))
	d.simple(key, "1").wants(t, 200)
	d.simple(key, "1").wants(t, 200)
	d.simple(shy, "2").wants(t, 403)
	d.send("GET", "/midpoint/ws/iot/devices/1", "").wants(t, 400)
	for _, status := range []int{201, 200} {
		r, _ := d.proved(key, "3")
		r.wants(t, status)
	}
	r, _ := d.proved(shy, "4")
	r.wants(t, 202)
	d.send("POST", provedPath("5"), "no token").wants(t, 400)
	for range 60 {
		d.send("GET", "/ws/iot/devices/6?key="+key.First, "")
	}
	d.simple(key, "6").wants(t, 429)

	got := map[string]uint64{}
	n.Each(func(door, outcome string, count func() uint64) {
		if n := count(); n > 0 {
			got[door+" "+outcome] = n
		}
	})
	simple, proved := string(devices.Simple)+" ", string(devices.Proved)+" "
	want := map[string]uint64{simple + "boarded": 2, simple + "known": 60, simple + "refused": 1, simple + "malformed": 1, simple + "too-many": 1,
		proved + "boarded": 1, proved + "known": 1, proved + "waiting": 1, proved + "malformed": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
