package live

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"halfkey/iam"
	"halfkey/migrations/dbtest"
)

const (
	simpsons = iam.OrgID("00000000000000000001")
	moes     = iam.OrgID("00000000000000000002")
)

func TestEventsReachTheirTenantOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil)
		homer, admin, nobody := h.Subscribe(t.Context(), simpsons), h.Subscribe(t.Context(), iam.Everywhere), h.Subscribe(t.Context())
		e := Event{Kind: Device, Tenant: simpsons, ID: "1"}
		h.Publish(Event{Kind: Device, Tenant: moes, ID: "2"})
		h.Publish(e)
		if got := <-homer; got != e {
			t.Errorf("Homer hears %+v", got)
		}
		if one, two := <-admin, <-admin; one.ID != "2" || two.ID != "1" {
			t.Errorf("the platform hears %v %v", one, two)
		}
		synctest.Wait()
		select {
		case got := <-nobody:
			t.Errorf("nobody hears %+v", got)
		default:
		}
	})
}

func TestASlowReaderHearsEachThingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil)
		ctx, leave := context.WithCancel(t.Context())
		events := h.Subscribe(ctx, simpsons)
		h.Publish(Event{Kind: Join, Tenant: simpsons, ID: "first"})
		synctest.Wait() // the first waits to be taken; what follows is gathered
		for range 1000 {
			h.Publish(Event{Kind: Value, Tenant: simpsons, ID: "same"})
		}
		if a, b := <-events, <-events; a.ID != "first" || b.ID != "same" {
			t.Errorf("%v %v", a, b)
		}
		h.Publish(Event{Kind: Join, Tenant: simpsons, ID: "next"})
		if c := <-events; c.ID != "next" {
			t.Errorf("heard again: %v", c)
		}
		for i := range 3 * pendingMost {
			h.Publish(Event{Kind: Value, Tenant: simpsons, ID: fmt.Sprint(i)})
		}
		leave()
		n := 0
		for range events {
			n++
		}
		if n > pendingMost+1 {
			t.Errorf("%d events were kept", n)
		}
		synctest.Wait()
		if len(h.readers) != 0 || h.Open() != 0 {
			t.Error("who left is still listed")
		}
	})
}

func TestTooMuchAtOnceIsAMissed(t *testing.T) {
	r := newBacklog(pendingMost)
	for i := range pendingMost + 1 {
		r.add(Event{Kind: Value, ID: fmt.Sprint(i)})
	}
	if e, ok := r.next(); !ok || e.Kind != Missed {
		t.Errorf("%v %v", e, ok)
	}
	if _, ok := r.next(); ok {
		t.Error("more than that")
	}
}

func TestEventsReachOtherReplicas(t *testing.T) {
	db := dbtest.Postgres(t)
	a, b := New(db.Gorm), New(db.Gorm)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for _, h := range []*Hub{a, b} {
		go func() { h.Run(ctx); ended <- struct{}{} }()
	}
	defer func() { stop(); <-ended; <-ended }()
	here, there := a.Subscribe(ctx, simpsons), b.Subscribe(ctx, simpsons)
	for range 2 { // both say so once they listen
		select {
		case <-here:
		case <-there:
		case <-time.After(10 * time.Second):
			t.Fatal("they do not listen")
		}
	}
	for i := range 200 {
		a.Publish(Event{Kind: Device, Tenant: simpsons, Org: moes, ID: fmt.Sprint("device", i)})
	}
	heard, twice := map[string]int{}, map[string]int{}
	for len(heard) < 200 {
		select {
		case e := <-there:
			heard[e.ID]++
		case e := <-here:
			twice[e.ID]++
		case <-time.After(10 * time.Second):
			t.Fatalf("%d of 200 came", len(heard))
		}
	}
	for id, n := range twice {
		if n > 1 {
			t.Errorf("%s came back to its own replica", id)
		}
	}
}

func TestALostConnectionIsMadeAnew(t *testing.T) {
	db := dbtest.Postgres(t)
	a, b := New(db.Gorm), New(db.Gorm)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for _, h := range []*Hub{a, b} {
		go func() { h.Run(ctx); ended <- struct{}{} }()
	}
	defer func() { stop(); <-ended; <-ended }()
	events := b.Subscribe(ctx, simpsons)
	<-events // it listens
	kill := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"
	if err := db.Gorm.Exec(kill).Error; err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-events:
		if e.Kind != Missed {
			t.Errorf("%+v", e)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not listen again")
	}
	a.Publish(Event{Kind: Device, Tenant: simpsons, ID: "x"})
	select {
	case e := <-events:
		if e.ID != "x" {
			t.Errorf("%+v", e)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing comes")
	}
}

func BenchmarkPublishUnheard(b *testing.B) {
	h := New(nil)
	for b.Loop() {
		h.Publish(Event{Kind: Value, Tenant: simpsons, ID: "1"})
	}
}
