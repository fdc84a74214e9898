package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

var (
	chainKey = bytes.Repeat([]byte("c"), 32)
	sealKey  = bytes.Repeat([]byte("s"), 32)
)

// scene is a database with a trail and a clock.
type scene struct {
	*Trail
	db  *gorm.DB
	now time.Time
}

func stage(t testing.TB, db *migrations.DB) *scene {
	t.Helper()
	s := &scene{db: db.Gorm, now: time.Unix(1_700_000_000, 0)}
	var err error
	s.Trail, err = Attach(db.Gorm, Config{Chain: chainKey, Seal: sealKey, SealFile: filepath.Join(t.TempDir(), "audit.seal"), Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scene) record(t testing.TB, ctx context.Context, tenant, verb string) {
	t.Helper()
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return Record(ctx, tx, verb, Object{Tenant: tenant, Org: "org_1", Type: "device", ID: "dev_1"}, Detail{"serial": "74743827342"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *scene) five(t *testing.T) {
	t.Helper()
	for i := range 5 {
		s.record(t, t.Context(), "simpsons", fmt.Sprint("device.deed", i))
		s.record(t, t.Context(), "flanders", "device.deed")
	}
}

func (s *scene) exec(t *testing.T, sql string) {
	t.Helper()
	if res := s.db.Exec(sql); res.Error != nil || res.RowsAffected == 0 {
		t.Fatalf("%s: %v, %d rows", sql, res.Error, res.RowsAffected)
	}
}

func (s *scene) verify(t *testing.T) Report {
	t.Helper()
	r, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *scene) flush(t *testing.T) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestALineTellsWhoDidWhatThroughWhichDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		ctx := WithRequest(WithActor(t.Context(), Actor{"user", "usr_ned", "Ned", "Homer"}), "portal", "req-7")
		s.record(t, ctx, "simpsons", "device.suspend")
		s.record(t, t.Context(), "simpsons", "device.expire")
		got, err := List(t.Context(), s.db, Filter{Tenant: "simpsons"})
		if err != nil || len(got) != 2 {
			t.Fatalf("%v %v", got, err)
		}
		e := got[1]
		want := Entry{"simpsons", 1, s.now.UnixMicro(), "user", "usr_ned", "Ned for Homer", "portal", "req-7", "device.suspend", "device", "dev_1", "org_1", OK, e.Detail, 1}
		if e != want || e.Details()["serial"] != "74743827342" || !e.Time().Equal(s.now) {
			t.Fatalf("%+v", e)
		}
		if got[0].ActorType != "system" {
			t.Fatalf("%+v", got[0])
		}
	})
}

func TestALineIsWrittenIfAndOnlyIfItsDeedIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		s.record(t, t.Context(), "simpsons", "a")
		no := errors.New("no")
		err := s.db.Transaction(func(tx *gorm.DB) error {
			return errors.Join(Record(t.Context(), tx, "undone", Object{Tenant: "simpsons"}, nil), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		s.record(t, t.Context(), "simpsons", "b") // what we remember of the chain's end is wrong now
		s.flush(t)
		if r := s.verify(t); !r.OK() || r.Lines != 2 || r.Tenants != 1 {
			t.Fatalf("%+v", r)
		}
		if err := Record(t.Context(), s.db, "alone", Object{}, nil); err == nil {
			t.Fatal("a line without a deed")
		}
	})
}

func TestManyWritersMakeOneChainEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		var wg sync.WaitGroup
		for w := range 6 {
			wg.Go(func() {
				for range 20 {
					s.record(t, t.Context(), []string{"simpsons", "flanders"}[w%2], "device.deed")
				}
			})
		}
		wg.Wait()
		s.flush(t)
		if r := s.verify(t); !r.OK() || r.Lines != 120 || len(r.Unsealed) != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

// An older copy of the database is whole in itself: only the seal outside tells.
func TestAPageOfTheTrail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		s.five(t)
		list := func(f Filter) (seqs []int64) {
			t.Helper()
			f.Tenant = "simpsons"
			page, err := List(t.Context(), s.db, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				seqs = append(seqs, e.Seq)
			}
			return seqs
		}
		for what, got := range map[string][]int64{
			"[5 4]": list(Filter{Limit: 2}), "[3 2]": list(Filter{Limit: 2, Before: 4}), "[1]": list(Filter{Before: 2}),
			"[]": list(Filter{Orgs: []string{}}), "[4]": list(Filter{Verb: "device.deed3"}), "[5]": list(Filter{Orgs: []string{"org_1"}, Limit: 1, ObjectID: "dev_1"}),
		} {
			if fmt.Sprint(got) != what {
				t.Errorf("%v, want %s", got, what)
			}
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	s := stage(b, dbtest.SQLite(b))
	ctx := WithRequest(WithActor(b.Context(), Actor{"device", "dev_1", "Kitchen", ""}), "registration", "req-7")
	b.ReportAllocs()
	tx := s.db.WithContext(ctx).Begin()
	defer tx.Rollback()
	for b.Loop() {
		if err := Record(ctx, tx, "device.register", Object{"simpsons", "org_1", "device", "dev_1"}, Detail{"serial": "74743827342"}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTwoReplicasExtendOneChain(t *testing.T) {
	dsn := dbtest.DSN(t)
	var replicas [2]*scene
	for i := range replicas {
		db, err := migrations.Open(t.Context(), migrations.Config{Driver: migrations.Postgres, DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		replicas[i] = stage(t, db)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 15 {
				replicas[i%2].record(t, t.Context(), "simpsons", "device.deed")
			}
		})
	}
	wg.Wait()
	for _, s := range replicas {
		s.flush(t)
		if r := s.verify(t); !r.OK() || r.Lines != 120 || len(r.Unsealed) != 0 {
			t.Fatalf("%+v", r)
		}
	}
}
