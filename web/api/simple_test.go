package api

import (
	"io"
	"strings"
	"testing"

	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func devicesFilter(text string) devices.Filter { return devices.Filter{Text: text} }
func userID(s string) iam.UserID               { return iam.UserID(s) }

func TestTheFirstStorysURLStillWorks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t, Classic)
		r := d.simple(key, serialNo).wants(t, 200)
		if r.Header().Get("Content-Type") != "text/plain" || len(r.Body.String()) > 768 || strings.Contains(r.Body.String(), "writeKey") {
			t.Fatalf("%v %s", r.Header(), r.Body)
		}
		c := d.boardSimple(t, key, serialNo)
		d.send("GET", "/ws/iot/devices/"+serialNo+"?key="+strings.ToLower(key.First[:4])+"-"+key.First[4:], "").wants(t, 200)
		if again := d.boardSimple(t, key, serialNo); again != c {
			t.Fatalf("%+v %+v", c, again)
		}
		if d.Uses(t, key) != 1 {
			t.Fatal("more than one use was taken")
		}
	})
}

func TestTheSimpleDoorRepeatsTheNonce(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t, SimpleDoor)
	nonce := wire.NewNonce()
	r := d.send("GET", "/ws/iot/devices/"+serialNo+"?ignored=%zz&nonce="+string(nonce)+"&key="+key.First, "").wants(t, 200)
	header := strings.Split(r.Body.String(), ".")[0]
	if plain := decode(t, header); !strings.Contains(plain, `"nonce":"`+string(nonce)+`"`) || !strings.Contains(plain, `"cty":"text/plain"`) {
		t.Fatal(plain)
	}
}

func TestTheSimpleDoorIsClosedToAStandardKeyUnlessOpened(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	d.simple(d.Key(t), serialNo).wants(t, 403)
}

func TestThereIsNoWayDownToTheSimpleDoor(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t, SimpleDoor, Reboarding("auto"))
	d.board(t, key, serialNo, 201)
	d.simple(key, serialNo).wants(t, 403)
}

func TestSquattingOnASerialGainsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t, SimpleDoor)
		squatter := d.boardSimple(t, key, serialNo)
		real := d.board(t, key, serialNo, 201)
		if real.Channel.ID == squatter.ID || real.Channel.WriteKey == squatter.WriteKey {
			t.Fatal("the squatter shares the device's channel")
		}
		if d.Uses(t, key) != 1 {
			t.Fatalf("%d uses", d.Uses(t, key))
		}
		if list, _ := d.List(As(t, d.Homer), devicesFilter("")); len(list) != 1 || list[0].Channel != real.Channel.ID {
			t.Fatalf("%+v", list)
		}
		d.simple(key, serialNo).wants(t, 403)
	})
}

func TestABoardingNobodyUsesIsDroppedAfterADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t, Classic)
		used, unused, late := d.boardSimple(t, key, "used"), d.boardSimple(t, key, "unused"), d.boardSimple(t, key, "late")
		d.Use(t, used.ID)
		d.Clock.Pass(Day)
		if again := d.boardSimple(t, key, "late"); again == late { // noticed when it asks
			t.Fatal("a day later the same channel is handed out")
		}
		if err := d.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := d.Uses(t, key); n != 2 {
			t.Fatalf("%d uses, want those of used and late", n)
		}
		list, _ := d.List(As(t, d.Homer), devicesFilter(""))
		for _, v := range list {
			if v.Channel == unused.ID {
				t.Fatal("still there")
			}
		}
		if d.boardSimple(t, key, "unused") == unused {
			t.Fatal("the dropped channel came back")
		}
	})
}

func TestAWholeKeyIsNotEchoedAndItsOwnerIsTold(t *testing.T) {
	var log strings.Builder
	d := open(t, dbtest.SQLite(t), &log)
	key := d.Key(t, SimpleDoor)
	for _, whole := range []string{key.Typed(), key.First + key.Second.Reveal()} {
		r := d.send("GET", "/ws/iot/devices/"+serialNo+"?key="+whole, "").wants(t, 400)
		if strings.Contains(r.Body.String(), key.First) || !strings.HasPrefix(r.Body.String(), "malformed: ") {
			t.Fatal(r.Body)
		}
	}
	d.send("GET", "/ws/iot/devices/"+serialNo+"?key="+Stranger(wire.Standard).Typed(), "").wants(t, 400)
	d.Wait()
	if n := d.Lines(t, "key.exposed"); n != 1 {
		t.Fatalf("the trail has %d lines", n)
	}
	if strings.Contains(log.String(), key.First) {
		t.Fatal(log.String())
	}
}

func TestClosedKeysServeTheirDevicesAndNoNewOnes(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	for name, shut := range map[string]func(Key){
		"used up": func(k Key) { d.Set(t, k, "max_uses", 1) },
		"expired": func(k Key) { d.Set(t, k, "expires_at", iam.Micros(d.Now())) },
		"too new": func(k Key) { d.Set(t, k, "not_before", iam.Micros(d.Now().Add(Hour))) },
	} {
		t.Run(name, func(t *testing.T) {
			key := d.Key(t)
			d.board(t, key, name[:3], 201)
			shut(key)
			d.board(t, key, name[:3], 200)
			r, _ := d.proved(key, "new-"+name[:3])
			r.wants(t, 403)
		})
	}
	t.Run("revoked", func(t *testing.T) {
		key := d.Key(t)
		d.board(t, key, "old", 201)
		d.Set(t, key, "state", "retiring")
		d.Set(t, key, "retires_at", iam.Micros(d.Now().Add(Hour)))
		d.board(t, key, "while-retiring", 201)
		d.Clock.Pass(Hour + Hour)
		for _, serial := range []string{"old", "new"} {
			r, _ := d.proved(key, serial)
			r.wants(t, 403)
		}
	})
}

func TestSquattingUsesUpNoKey(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t, SimpleDoor)
	d.Set(t, key, "max_uses", 1)
	d.boardSimple(t, key, serialNo)
	d.board(t, key, serialNo, 201)
	if d.Uses(t, key) != 1 {
		t.Fatalf("%d uses", d.Uses(t, key))
	}
}

func TestADeviceWhoseBoardingWasDroppedFindsTheUseThatItGaveBack(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t, Classic)
	d.Set(t, key, "max_uses", 1)
	first := d.boardSimple(t, key, serialNo)
	d.Clock.Pass(Day)
	if d.boardSimple(t, key, serialNo) == first {
		t.Fatal("the dropped channel came back")
	}
	d.simple(key, "another").wants(t, 403)
}
