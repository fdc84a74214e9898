package devices

import (
	"testing"
	"time"
)

// Every row of the protocol's table "same serial again", and what its
// sentences say besides.
func TestTheTableOfWhoComesAboard(t *testing.T) {
	now := time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour

	at := func(door Door, change ...func(*facts)) facts {
		f := facts{now: now, door: door, boarding: "auto", reboarding: "approve"}
		for _, c := range change {
			c(&f)
		}
		return f
	}
	boarding := func(policy string) func(*facts) { return func(f *facts) { f.boarding = policy } }
	reboarding := func(policy string) func(*facts) { return func(f *facts) { f.reboarding = policy } }
	closed := func(f *facts) { f.closed = true }
	listed := func(f *facts) { f.listed = ago(time.Minute) }
	removed := func(f *facts) { f.removed = ago(day) }
	aboard := func(door Door, change ...func(*deviceFacts)) func(*facts) {
		return func(f *facts) {
			f.aboard = true
			f.device = deviceFacts{door: door, within: true, sameKey: true, used: true, first: true, sealed: ago(2 * day)}
			for _, c := range change {
				c(&f.device)
			}
		}
	}
	suspended := func(d *deviceFacts) { d.suspended = true }
	unused := func(d *deviceFacts) { d.used = false }
	sealed := func(since time.Duration) func(*deviceFacts) {
		return func(d *deviceFacts) { d.sealed = ago(since) }
	}
	outside := func(d *deviceFacts) { d.within = false }
	otherKey := func(d *deviceFacts) { d.sameKey = false }
	boardedAgain := func(d *deviceFacts) { d.first = false }
	asked := func(state string, door Door, since time.Duration) func(*facts) {
		return func(f *facts) {
			f.question = questionFacts{state: state, door: door, sameKey: true, asked: ago(since), decided: ago(since)}
		}
	}
	forOtherKey := func(f *facts) { f.question.sameKey = false }

	for _, c := range []struct {
		name string
		f    facts
		want act
	}{
		{"not there, auto", at(Proved), board},
		{"not there, auto, simple door", at(Simple), board},
		{"not there, listed", at(Proved, boarding("serials"), listed), board},
		{"not there, unlisted", at(Proved, boarding("serials")), refuse},
		{"not there, approve", at(Proved, boarding("approve")), ask},
		{"not there, a policy nobody knows", at(Proved, boarding("")), refuse},
		{"not there, key closed to new ones", at(Proved, closed), refuse},
		{"not there, closed, though listed", at(Proved, boarding("serials"), listed, closed), refuse},
		{"a closed key still serves its devices", at(Proved, closed, aboard(Proved, unused, sealed(time.Minute))), again},

		{"suspended", at(Proved, aboard(Proved, suspended)), refuse},
		{"suspended beats a fresh answer", at(Proved, aboard(Proved, suspended, unused, sealed(time.Minute))), refuse},

		{"removed, whatever the policy", at(Proved, removed), ask},
		{"removed, listed before", at(Proved, boarding("serials"), removed, func(f *facts) { f.listed = ago(2 * day) }), ask},
		{"removed, listed afterwards", at(Proved, boarding("serials"), removed, listed), board},
		{"removed, accepted afterwards", at(Proved, removed, asked(accepted, Proved, time.Minute)), board},
		{"removed, accepted before", at(Proved, removed, asked(accepted, Proved, 2*day)), ask},
		{"removed and closed", at(Proved, removed, closed), ask},

		{"waiting", at(Proved, boarding("approve"), asked(waiting, Proved, time.Hour)), ask},
		{"waiting, though another key would take it", at(Proved, asked(waiting, Proved, time.Hour), forOtherKey), ask},
		{"waiting for 30 days lapses", at(Proved, asked(waiting, Proved, 31*day)), board},
		{"waiting from the simple door is not in the proved door's way", at(Proved, asked(waiting, Simple, time.Hour)), board},
		{"accepted", at(Proved, boarding("approve"), asked(accepted, Proved, day)), board},
		{"accepted at the simple door, comes with a proof", at(Proved, boarding("approve"), asked(accepted, Simple, day)), board},
		{"accepted with a proof, comes without", at(Simple, boarding("approve"), asked(accepted, Proved, day)), ask},
		{"accepted for another key", at(Proved, boarding("approve"), asked(accepted, Proved, day), forOtherKey), ask},
		{"accepted 31 days ago", at(Proved, boarding("approve"), asked(accepted, Proved, 31*day)), ask},
		{"accepted, the key closed to strangers meanwhile", at(Proved, boarding("approve"), closed, asked(accepted, Proved, day)), board},
		{"declined", at(Proved, asked(declined, Proved, 300*day)), refuse},
		{"declined to join again", at(Proved, aboard(Proved), asked(declined, Proved, day)), refuse},

		{"proved, asks at the simple door", at(Simple, reboarding("auto"), aboard(Proved)), refuse},
		{"proved, asks at the simple door, fresh", at(Simple, aboard(Proved, unused, sealed(time.Minute))), refuse},
		{"proved, asks at the simple door, accepted there", at(Simple, aboard(Proved), asked(accepted, Simple, time.Minute)), refuse},

		{"simple and never used, asks with a proof", at(Proved, aboard(Simple, unused, sealed(time.Minute))), replace},
		{"the same by another key", at(Proved, aboard(Simple, unused, outside, otherKey)), replace},
		{"the same, but unlisted", at(Proved, boarding("serials"), aboard(Simple, unused)), refuse},
		{"the same, but strangers need a word", at(Proved, boarding("approve"), aboard(Simple, unused)), ask},
		{"simple and used, asks with a proof", at(Proved, reboarding("auto"), aboard(Simple)), renew},
		{"simple and used, fresh, asks with a proof", at(Proved, reboarding("auto"), aboard(Simple, boardedAgain, sealed(time.Minute))), renew},

		{"outside the key's place", at(Proved, reboarding("auto"), aboard(Proved, outside)), ask},
		{"outside, though fresh", at(Proved, aboard(Proved, outside, unused, sealed(time.Minute))), ask},
		{"boarded by another key", at(Proved, reboarding("auto"), aboard(Proved, otherKey)), ask},
		{"outside, accepted", at(Proved, aboard(Proved, outside), asked(accepted, Proved, time.Minute)), renew},
		{"outside, accepted, answer lost", at(Proved, aboard(Proved, outside, boardedAgain, sealed(time.Minute)), asked(boarded, Proved, time.Minute)), again},
		{"outside, accepted, an hour later", at(Proved, aboard(Proved, outside, boardedAgain, sealed(time.Hour)), asked(boarded, Proved, time.Hour)), ask},

		{"answer lost", at(Proved, aboard(Proved, unused, sealed(59*time.Minute))), again},
		{"answer lost an hour ago", at(Proved, aboard(Proved, unused, sealed(time.Hour))), ask},
		{"answer lost, but a value has come", at(Proved, aboard(Proved, sealed(time.Minute))), ask},
		{"answer of a further boarding lost", at(Proved, aboard(Proved, boardedAgain, sealed(time.Minute))), again},
		{"answer lost at the simple door", at(Simple, aboard(Simple, unused, sealed(time.Minute))), again},

		{"else auto", at(Proved, reboarding("auto"), aboard(Proved)), renew},
		{"else approve", at(Proved, aboard(Proved)), ask},
		{"else approve, asked already", at(Proved, aboard(Proved), asked(waiting, Proved, day)), ask},
		{"else approve, accepted", at(Proved, aboard(Proved), asked(accepted, Proved, day)), renew},
		{"else deny", at(Proved, reboarding("deny"), aboard(Proved)), refuse},
		{"else deny, at the simple door", at(Simple, reboarding("deny"), aboard(Simple)), refuse},
		{"else a policy nobody knows", at(Proved, reboarding("?"), aboard(Proved)), refuse},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := decide(c.f); got.act != c.want {
				t.Fatalf("got %d (%s), want %d", got.act, got.cause, c.want)
			}
		})
	}
}
