package api

import (
	"encoding/base64"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/migrations/dbtest"
)

func decode(t testing.TB, part string) string {
	t.Helper()
	plain, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// One refusal: whoever is turned away learns nothing from how.
func TestAllRefusalsAreTheSame(t *testing.T) {
	var log strings.Builder
	d := open(t, dbtest.SQLite(t), &log)
	owner := As(t, d.Homer)
	suspend := func(serial string) {
		list, err := d.List(owner, devicesFilter(serial))
		if err != nil || len(list) != 1 {
			t.Fatalf("%d devices, %v", len(list), err)
		}
		if err := d.Suspend(owner, list[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	open, listed, revoked, deny := d.Key(t, SimpleDoor), d.Key(t, SimpleDoor, Boarding("serials")), d.Key(t, SimpleDoor), d.Key(t, SimpleDoor, Reboarding("deny"))
	asks := d.Key(t, SimpleDoor, Boarding("approve"))
	used := d.Key(t, SimpleDoor)
	d.board(t, open, "suspended", 201)
	suspend("suspended")
	d.boardSimple(t, open, "suspended-simple")
	suspend("suspended-simple")
	d.Set(t, revoked, "state", "revoked")
	d.Set(t, used, "expires_at", 1)
	d.board(t, deny, "denied", 201)
	denied := d.boardSimple(t, deny, "denied-simple")
	d.Use(t, denied.ID)
	d.proved(asks, "declined")
	waiting, _ := d.Waiting(owner, "")
	if err := d.Decline(owner, waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	d.Clock.Pass(Hour)
	forged := open
	forged.Second = Stranger(wire.Standard).Second
	stranger := Stranger(wire.Standard)

	want := []string{}
	compare := func(name string, r reply, first *reply) {
		t.Run(name, func(t *testing.T) {
			r.wants(t, 403)
			headers := slices.Sorted(maps.Keys(r.Header()))
			if first.ResponseRecorder == nil {
				*first = r
			}
			if r.Body.String() != first.Body.String() || !slices.Equal(headers, slices.Sorted(maps.Keys(first.Header()))) {
				t.Fatalf("%s %v differs from %s %v", r.Body, headers, first.Body, first.Header())
			}
			for _, h := range headers {
				if h != "X-Request-Id" && r.Header().Get(h) != first.Header().Get(h) || len(r.Header().Get(h)) != len(first.Header().Get(h)) {
					t.Fatalf("%s: %s", h, r.Header().Get(h))
				}
			}
		})
	}
	var one reply
	proved := func(cause string, key Key, serial string) {
		r, _ := d.proved(key, serial)
		compare("proved/"+cause, r, &one)
		want = append(want, cause)
	}
	proved("key-unknown", stranger, "a")
	proved("proof-wrong", forged, "a")
	proved("proof-wrong", forged, "suspended")
	proved("key-revoked", revoked, "a")
	proved("key-closed", used, "a")
	proved("unlisted", listed, "a")
	proved("suspended", open, "suspended")
	proved("declined", asks, "declined")
	proved("reboarding-denied", deny, "denied")
	if one.Body.String() != `{"type":"urn:halfkey:problem:refused","title":"Refused.","status":403}` {
		t.Fatal(one.Body)
	}

	d.from = "198.51.100.1:1"
	one = reply{}
	simple := func(cause string, key Key, serial string) {
		compare("simple/"+cause, d.simple(key, serial), &one)
		want = append(want, cause)
	}
	simple("key-unknown", stranger, "a")
	simple("key-unknown", Stranger(wire.Classic), "a")
	simple("key-revoked", revoked, "a")
	simple("door-closed", d.Key(t), "a")
	simple("key-closed", used, "a")
	simple("unlisted", listed, "a")
	simple("suspended", open, "suspended-simple")
	simple("no-way-down", deny, "denied")
	simple("declined", asks, "declined")
	simple("reboarding-denied", deny, "denied-simple")
	if one.Body.String() != "refused\n" || one.Header().Get("Content-Type") != "text/plain" {
		t.Fatalf("%q", one.Body)
	}

	got := d.Causes(t) // the trail alone knows why
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(slices.Compact(got), slices.Compact(want)) {
		t.Fatalf("causes %v, want %v", got, want)
	}
	if log.Len() > 0 {
		t.Fatal(log.String())
	}
}

func TestTheLimitOfWaitingStrangers(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	d.Bounds.Strangers, d.Bounds.Refusals, d.Bounds.Answers, d.Bounds.Proved, d.Bounds.Simple = 2, 30, 60, 3, 1
	asks, auto := d.Key(t, Boarding("approve")), d.Key(t, SimpleDoor)
	for serial, status := range map[string]int{"a": 202, "b": 202} {
		r, _ := d.proved(asks, serial)
		r.wants(t, status)
	}
	r, _ := d.proved(asks, "c")
	r.wants(t, 429)
	r, _ = d.proved(asks, "a")
	r.wants(t, 202)
	t.Run("new devices an hour, by key and door", func(t *testing.T) {
		d.simple(auto, "s1").wants(t, 200)
		if r := d.simple(auto, "s2").wants(t, 429); r.Body.String() != "too many\n" || r.Header().Get("Retry-After") != "3600" {
			t.Fatalf("%q %v", r.Body, r.Header())
		}
		for _, serial := range []string{"p1", "p2", "p3"} {
			d.board(t, auto, serial, 201)
		}
		r, _ := d.proved(auto, "p4")
		r.wants(t, 429)
		d.board(t, auto, "p1", 200) // known ones are not new
		d.Clock.Pass(Hour)
		d.board(t, auto, "p4", 201)
	})
	t.Run("answers a minute, by address and serial", func(t *testing.T) {
		d.Clock.Pass(Hour)
		for range 60 {
			d.proved(asks, "z")
		}
		r, _ := d.proved(asks, "z")
		r.wants(t, 429)
	})
}

// Whoever has heard a first half fills the simple door's room and no other.
func TestStrangersAtTheSimpleDoorLeaveRoomAtTheProvedOne(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	d.Bounds = devices.Bounds{Refusals: 30, Answers: 60, Proved: 3, Simple: 3, Strangers: 1}
	key := d.Key(t, SimpleDoor, Boarding("approve"))
	d.simple(key, "a").wants(t, 202)
	d.simple(key, "b").wants(t, 429)
	r, _ := d.proved(key, "c")
	r.wants(t, 202)
	r, _ = d.proved(key, "d")
	r.wants(t, 429)
}
