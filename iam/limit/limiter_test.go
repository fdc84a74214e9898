package limit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

type clock struct{ us atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.us.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	return c
}
func (c *clock) now() time.Time       { return time.UnixMicro(c.us.Load()) }
func (c *clock) pass(d time.Duration) { c.us.Add(d.Microseconds()) }

func TestSoManyAndThenAWait(t *testing.T) {
	c := newClock()
	l := New(nil, c.now)
	for i := range 30 {
		if ok, _ := l.Allow("a", 30, time.Minute); !ok {
			t.Fatalf("refused at %d", i)
		}
		c.pass(time.Second)
	}
	ok, wait := l.Allow("a", 30, time.Minute)
	if ok || wait != 30*time.Second {
		t.Errorf("%v %v", ok, wait)
	}
	if ok, wait = l.Peek("a", 30); ok || wait != 30*time.Second {
		t.Errorf("%v %v", ok, wait)
	}
	if ok, _ := l.Allow("b", 30, time.Minute); !ok {
		t.Error("another name waits too")
	}
	c.pass(wait)
	if ok, _ := l.Allow("a", 30, time.Minute); !ok || l.Count("a") != 1 {
		t.Error("the window does not end")
	}
}

func TestGivenBack(t *testing.T) {
	l := New(nil, newClock().now)
	l.Add("a", 3, time.Minute)
	if n := l.Add("a", -5, time.Minute); n != 0 {
		t.Errorf("%d left", n)
	}
	if ok, _ := l.Peek("a", 1); !ok {
		t.Error("nothing counted, and refused")
	}
}

func TestAFloodOfNamesStaysBounded(t *testing.T) {
	c := newClock()
	l := New(nil, c.now)
	for range 30 {
		l.Allow("the attacker", 30, time.Hour)
	}
	for i := range 3 * shardCount * shardMost {
		l.Allow(fmt.Sprint("flood", i), 30, time.Hour)
	}
	n := 0
	for i := range l.shards {
		n += len(l.shards[i].counters)
	}
	if n > shardCount*shardMost {
		t.Errorf("%d counters", n)
	}
	if ok, _ := l.Peek("the attacker", 30); ok {
		t.Error("a flood of names washed a full counter away")
	}
	c.pass(time.Hour)
	l.forget()
	for i := range l.shards {
		if len(l.shards[i].counters) != 0 {
			t.Fatal("ended counters stay")
		}
	}
}

func TestCountsFromManyAtOnce(t *testing.T) {
	l := New(nil, newClock().now)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if ok, _ := l.Allow("a", 30, time.Minute); ok {
				allowed.Add(1)
			}
		})
	}
	wg.Wait()
	if allowed.Load() != 30 {
		t.Errorf("%d allowed", allowed.Load())
	}
}

func TestReplicasAddUp(t *testing.T) {
	db, c := dbtest.Postgres(t), newClock()
	a, b := New(db.Gorm, c.now), New(db.Gorm, c.now)
	share := func() {
		t.Helper()
		for _, l := range []*Limiter{a, b, a, b} {
			if err := l.Share(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 20 {
		a.Allow("x", 30, time.Minute)
		b.Allow("x", 30, time.Minute)
	}
	share()
	a.Add("x", 1, time.Minute) // who asks hears the total at the next exchange
	b.Add("x", 1, time.Minute)
	share()
	for name, l := range map[string]*Limiter{"a": a, "b": b} {
		if ok, _ := l.Peek("x", 41); ok {
			t.Errorf("%s knows of %d only", name, l.Count("x"))
		}
	}
	c.pass(time.Minute)
	if ok, _ := b.Allow("x", 30, time.Minute); !ok {
		t.Error("the window does not end")
	}
	share()
	if n := b.Count("x"); n != 1 {
		t.Errorf("the new window begins with %d", n)
	}
	c.pass(time.Hour)
	err := db.Gorm.Exec("INSERT INTO limits (name, period, n, ends_at) SELECT 'old ' || i, 1, 1, 0 FROM generate_series(1, 2500) i").Error
	if err != nil {
		t.Fatal(err)
	}
	b.Allow("y", 30, time.Minute)
	share()
	if err := a.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rows int64
	if db.Gorm.Table("limits").Count(&rows); rows != 1 {
		t.Errorf("%d rows stay, of which one still counts", rows)
	}
}

func TestExactlyOverReplicas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		c := newClock()
		a := New(db.Gorm, c.now)
		b := a
		if a.shared {
			b = New(db.Gorm, c.now)
		}
		var allowed atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				l := a
				if i%2 == 1 {
					l = b
				}
				ok, wait, err := l.AllowExactly(t.Context(), "x", 5, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if ok {
					allowed.Add(1)
				} else if wait != time.Minute {
					t.Errorf("wait %v", wait)
				}
			})
		}
		wg.Wait()
		if allowed.Load() != 5 {
			t.Errorf("%d allowed", allowed.Load())
		}
		c.pass(30 * time.Second)
		if err := a.Rest(t.Context(), "x", time.Minute, time.Minute); err != nil {
			t.Fatal(err)
		}
		if ok, wait, err := b.AllowExactly(t.Context(), "x", 5, time.Minute); ok || wait != time.Minute || err != nil {
			t.Errorf("%v %v %v", ok, wait, err)
		}
	})
}

func TestWhatCannotBeSentIsKept(t *testing.T) {
	db, c := dbtest.Postgres(t), newClock()
	a, b := New(db.Gorm, c.now), New(db.Gorm, c.now)
	a.Add("x", 7, time.Minute)
	if err := db.Gorm.Exec("ALTER TABLE limits RENAME TO gone").Error; err != nil {
		t.Fatal(err)
	}
	if a.Share(t.Context()) == nil {
		t.Fatal("sent to nowhere")
	}
	if err := db.Gorm.Exec("ALTER TABLE gone RENAME TO limits").Error; err != nil {
		t.Fatal(err)
	}
	if err := a.Share(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Add("x", 1, time.Minute)
	if err := b.Share(t.Context()); err != nil || b.Count("x") != 8 {
		t.Errorf("%d %v", b.Count("x"), err)
	}
}

func BenchmarkAllow(b *testing.B) {
	l := New(nil, time.Now)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow("registration|192.0.2.7", 1<<40, time.Minute)
	}
}
