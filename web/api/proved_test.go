package api

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

const serialNo = "74743827342"

func TestADeviceThatKnowsOnlyItsSerialAndAKeyComesAboard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t)
		r, nonce := d.proved(key, serialNo)
		r.wants(t, http.StatusCreated)
		c := opened(t, r, key, serialNo, nonce)
		if c.Channel.Provider != "embedded" || c.Channel.ID == "" || c.Channel.UpdateURL != UpdateURL || len(c.Device.Secret) != 26 || !strings.HasSuffix(c.Device.Kid, ".1") {
			t.Fatalf("%+v", c)
		}
		if c.Version != 1 || c.NextCheck != 86400 || c.Now != d.Now().Unix() {
			t.Fatalf("%+v", c)
		}
		if h := r.Header(); h.Get("Content-Type") != "application/jose" || h.Get("Cache-Control") != "no-store" || h.Get("X-Request-Id") == "" || h.Get("Content-Length") == "" {
			t.Fatalf("%v", h)
		}
		if d.Uses(t, key) != 1 || d.Lines(t, "device.board") != 1 {
			t.Fatalf("%d uses, %d lines in the trail", d.Uses(t, key), d.Lines(t, "device.board"))
		}
		list, err := d.List(As(t, d.Homer), devicesFilter(""))
		if err != nil || len(list) != 1 || list[0].Serial != serialNo || list[0].Presence != "waiting" || list[0].Summary.Unit != "°C" {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

func TestALostAnswerIsSealedAgain(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t)
	first := d.board(t, key, serialNo, 201)
	second := d.board(t, key, serialNo, 200)
	first.Now, second.Now = 0, 0
	if first != second {
		t.Fatalf("%+v\n%+v", first, second)
	}
	if d.Uses(t, key) != 1 {
		t.Fatal("a second use was taken")
	}
	d.Use(t, first.Channel.ID)
	r, _ := d.proved(key, serialNo)
	r.wants(t, 202)
}

func TestAReplayedRequestGainsNothing(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t)
	body := string(wire.Registration{First: key.First, Serial: serialNo, Nonce: wire.NewNonce()}.Sign(auth(key)))
	d.send("POST", provedPath(serialNo), body).wants(t, 201)
	for range 3 {
		d.send("POST", provedPath(serialNo), body).wants(t, 200)
	}
	d.Clock.Pass(Hour)
	d.send("POST", provedPath(serialNo), body).wants(t, 202) // it can only make the owner be asked
	if n := d.Uses(t, key); n != 1 {
		t.Fatalf("%d uses", n)
	}
	if list, _ := d.List(As(t, d.Homer), devicesFilter("")); len(list) != 1 {
		t.Fatalf("%d devices", len(list))
	}
	owner := As(t, d.Homer)
	list, _ := d.List(owner, devicesFilter(""))
	if err := d.Retire(owner, list[0].ID, serialNo); err != nil {
		t.Fatal(err)
	}
	d.send("POST", provedPath(serialNo), body).wants(t, 202) // and cannot bring a removed device back
}

func TestAFurtherBoardingKeepsTheWriteKeyAndTheOldSecret(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t, Reboarding("auto"))
		first := d.board(t, key, serialNo, 201)
		d.Use(t, first.Channel.ID)
		second := d.board(t, key, serialNo, 200)
		if second.Channel != first.Channel || second.Device.Secret == first.Device.Secret || second.Device.Kid == first.Device.Kid || second.Version != 2 {
			t.Fatalf("%+v\n%+v", first, second)
		}
		third := d.board(t, key, serialNo, 200)
		if third.Device != second.Device {
			t.Fatal("the same answer within the hour, sealed again, has another secret")
		}
		d.Clock.Pass(Hour)
		if fourth := d.board(t, key, serialNo, 200); fourth.Device.Secret == second.Device.Secret {
			t.Fatal("an hour later the waiting secret is still the same")
		}
		if d.Lines(t, "device.board-again") != 2 {
			t.Fatal("the owner was not told")
		}
	})
}

func TestAStrangerWaitsForItsOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key := d.Key(t, Boarding("approve"))
		r, _ := d.proved(key, serialNo)
		r.wants(t, 202)
		if r.Body.String() != `{"type":"urn:halfkey:problem:pending","title":"Waiting.","status":202}` || r.Header().Get("Retry-After") != "60" {
			t.Fatalf("%s %v", r.Body, r.Header())
		}
		d.proved(key, serialNo)
		owner := As(t, d.Homer)
		waiting, err := d.Waiting(owner, "")
		if err != nil || len(waiting) != 1 || waiting[0].Serial != serialNo || waiting[0].Address != "192.0.2.7" {
			t.Fatalf("%+v %v", waiting, err)
		}
		for _, other := range []string{string(d.Marge), string(d.Ned)} {
			ctx := As(t, userID(other))
			if list, _ := d.Waiting(ctx, ""); len(list) != 0 {
				t.Fatal("somebody else sees the question")
			}
			if d.Accept(ctx, waiting[0].ID) == nil {
				t.Fatal("somebody else may answer it")
			}
		}
		if err := d.Accept(owner, waiting[0].ID); err != nil {
			t.Fatal(err)
		}
		d.board(t, key, serialNo, 201)
		d.board(t, key, serialNo, 200) // the answer was lost
	})
}

func TestANoHoldsUntilItIsLifted(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key, owner := d.Key(t, Boarding("approve")), As(t, d.Homer)
	d.proved(key, serialNo)
	waiting, _ := d.Waiting(owner, d.Simpsons)
	if err := d.Decline(owner, waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	d.Clock.Pass(40 * Day)
	r, _ := d.proved(key, serialNo)
	r.wants(t, 403)
	declined, _ := d.Declined(owner, "")
	if len(declined) != 1 {
		t.Fatalf("%+v", declined)
	}
	if err := d.Lift(owner, declined[0].ID); err != nil {
		t.Fatal(err)
	}
	r, _ = d.proved(key, serialNo)
	r.wants(t, 202)
}

func TestARemovedDeviceComesBackOnlyWhenItsOwnerSaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		key, owner := d.Key(t), As(t, d.Homer)
		first := d.board(t, key, serialNo, 201)
		list, _ := d.List(owner, devicesFilter(""))
		if err := d.Retire(owner, list[0].ID, "wrong"); err == nil {
			t.Fatal("removed without the serial typed")
		}
		if err := d.Retire(owner, list[0].ID, serialNo); err != nil {
			t.Fatal(err)
		}
		r, _ := d.proved(key, serialNo)
		r.wants(t, 202)
		d.Clock.Pass(time.Minute)
		d.Listed(t, key, serialNo) // an owner's act after the removal
		again := d.board(t, key, serialNo, 201)
		if again.Channel == first.Channel || again.Device.Kid == first.Device.Kid {
			t.Fatal("the removed device's channel or kid came back")
		}
	})
}

func TestAnotherKeyOfTheTenantDoesNotOpenTheDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		good, weak := d.Key(t, In(d.Plant)), d.Key(t, In(d.Household), Reboarding("auto"))
		c := d.board(t, good, serialNo, 201)
		r, _ := d.proved(weak, serialNo)
		r.wants(t, 202)
		waiting, _ := d.Waiting(As(t, d.Homer), d.Plant)
		if len(waiting) != 1 {
			t.Fatal("who manages the place where it sits was not asked")
		}
		neighbour := d.Key(t, In(d.Flander))
		if other := d.board(t, neighbour, serialNo, 201); other.Channel.ID == c.Channel.ID {
			t.Fatal("any customer's key and any serial return that device's write key")
		}
	})
}

func TestAKeyThatReplacesAnotherServesItsDevices(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	old := d.Key(t, Reboarding("auto"))
	d.board(t, old, serialNo, 201)
	d.Clock.Pass(Hour)
	next := d.Replacement(t, old)
	d.board(t, next, serialNo, 200)
}

func TestHalvesAreNotGuessed(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	key := d.Key(t)
	for range 30 {
		r, _ := d.proved(Stranger(wire.Standard), serialNo)
		r.wants(t, 403)
	}
	r, _ := d.proved(key, serialNo) // before any lookup, so not even the right key helps
	r.wants(t, 429)
	if r.Body.String() != `{"type":"urn:halfkey:problem:too-many","title":"Too many requests.","status":429}` || r.Header().Get("Retry-After") != "60" {
		t.Fatalf("%s %v", r.Body, r.Header())
	}
	d.from = "198.51.100.1:1"
	d.board(t, key, serialNo, 201) // others are not harmed
}
