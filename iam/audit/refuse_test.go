package audit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestAFloodOfRefusalsIsOneLineAMinute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		ctx := WithRequest(t.Context(), "registration", "req-1")
		r := Refusal{Tenant: "simpsons", Source: "192.0.2.7", Cause: "wrong-half", Verb: "device.register"}
		for range 1000 {
			s.Refuse(ctx, r)
			s.now = s.now.Add(50 * time.Millisecond) // fifty seconds in all
		}
		other := r
		other.Cause = "expired"
		s.Refuse(ctx, other)
		step := func(want int, count int64) {
			t.Helper()
			if err := s.writeRefusals(t.Context(), false); err != nil {
				t.Fatal(err)
			}
			got, err := List(t.Context(), s.db, Filter{Tenant: "simpsons", Outcome: Refused})
			if err != nil || len(got) != want || got[0].Count != count {
				t.Fatalf("%+v %v", got, err)
			}
			if first := got[len(got)-1]; first.RequestID != "req-1" || first.Count != 1 || first.ActorName != "192.0.2.7" {
				t.Fatalf("%+v", first)
			}
		}
		step(2, 1)
		s.now = s.now.Add(11 * time.Second) // the first minute is over
		step(3, 999)
		s.now = s.now.Add(2 * time.Minute)
		step(3, 999)
		if len(s.tally.open) != 0 {
			t.Fatalf("still remembered: %v", s.tally.open)
		}
		s.Refuse(ctx, r)
		s.Refuse(ctx, r)
		s.flush(t) // the program ends
		if got, _ := List(t.Context(), s.db, Filter{Tenant: "simpsons"}); len(got) != 5 {
			t.Fatalf("%+v", got)
		}
		if r := s.verify(t); !r.OK() {
			t.Fatalf("%+v", r)
		}
	})
}

func TestAFloodFromEverywhereStaysBounded(t *testing.T) {
	s := stage(t, dbtest.SQLite(t))
	for i := range 3 * maxSources {
		s.Refuse(t.Context(), Refusal{Source: fmt.Sprint("2001:db8::", i), Cause: "wrong-half"})
	}
	if len(s.tally.open) > maxSources+1 || len(s.tally.rows) > queueSize {
		t.Fatalf("%d sources, %d lines", len(s.tally.open), len(s.tally.rows))
	}
}

func TestRefusalsAndSealsAreWrittenInTheBackground(t *testing.T) {
	s := stage(t, dbtest.SQLite(t))
	s.Start()
	s.Refuse(t.Context(), Refusal{Tenant: "simpsons", Source: "192.0.2.7", Cause: "\xff\x00" + strings.Repeat("ü", 300), Verb: "x"})
	for {
		got, err := List(t.Context(), s.db, Filter{Tenant: "simpsons"})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := s.verify(t); !r.OK() || len(r.Unsealed) != 0 {
		t.Fatalf("%+v", r)
	}
}

func BenchmarkRefuse(b *testing.B) {
	s := stage(b, dbtest.SQLite(b))
	b.ReportAllocs()
	for b.Loop() {
		s.Refuse(b.Context(), Refusal{Tenant: "simpsons", Source: "192.0.2.7", Cause: "wrong-half", Verb: "device.register"})
	}
}
