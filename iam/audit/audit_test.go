package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

func TestTamperingIsFound(t *testing.T) {
	const tail = "DELETE FROM audit WHERE tenant_id = 'simpsons' AND seq > 3"
	attacks := map[string]struct {
		sql  []string
		seq  int64
		what string
	}{
		"a changed word":       {[]string{"UPDATE audit SET actor_name = 'Bart' WHERE tenant_id = 'simpsons' AND seq = 3"}, 3, "changed"},
		"a changed time":       {[]string{"UPDATE audit SET at = at + 1 WHERE tenant_id = 'simpsons' AND seq = 1"}, 1, "changed"},
		"a changed count":      {[]string{"UPDATE audit SET count = 2 WHERE tenant_id = 'simpsons' AND seq = 5"}, 5, "changed"},
		"a hash of its own":    {[]string{"UPDATE audit SET mac = (SELECT mac FROM audit WHERE tenant_id = 'flanders' AND seq = 2) WHERE tenant_id = 'simpsons' AND seq = 2"}, 2, "changed"},
		"a line in the middle": {[]string{"DELETE FROM audit WHERE tenant_id = 'simpsons' AND seq = 2"}, 2, "removed"},
		"the first line":       {[]string{"DELETE FROM audit WHERE tenant_id = 'simpsons' AND seq = 1"}, 1, "removed"},
		"a gap closed": {[]string{"DELETE FROM audit WHERE tenant_id = 'simpsons' AND seq = 2",
			"UPDATE audit SET seq = 2 WHERE tenant_id = 'simpsons' AND seq = 3", "UPDATE audit SET seq = 3 WHERE tenant_id = 'simpsons' AND seq = 4"}, 2, "changed"},
		"two lines swapped": {[]string{"UPDATE audit SET seq = 99 WHERE tenant_id = 'simpsons' AND seq = 2",
			"UPDATE audit SET seq = 2 WHERE tenant_id = 'simpsons' AND seq = 3", "UPDATE audit SET seq = 3 WHERE tenant_id = 'simpsons' AND seq = 99"}, 2, "changed"},
		"a line from a neighbour": {[]string{"DELETE FROM audit WHERE tenant_id = 'simpsons' AND seq = 5", "UPDATE audit SET tenant_id = 'simpsons' WHERE tenant_id = 'flanders' AND seq = 5"}, 5, "changed"},
		"the tail":                {[]string{tail}, 4, "cut off"},
		"the tail, with the head put back": {[]string{tail,
			"UPDATE audit_heads SET seq = 3, mac = (SELECT mac FROM audit WHERE tenant_id = 'simpsons' AND seq = 3) WHERE tenant_id = 'simpsons'"}, 4, "cut off"},
		"the tail and the head": {[]string{tail, "DELETE FROM audit_heads WHERE tenant_id = 'simpsons'"}, 4, "cut off"},
		"the whole chain":       {[]string{"DELETE FROM audit WHERE tenant_id = 'simpsons'", "DELETE FROM audit_heads WHERE tenant_id = 'simpsons'"}, 1, "cut off"},
		"the head":              {[]string{"DELETE FROM audit_heads WHERE tenant_id = 'simpsons'"}, 5, "no head"},
		"the head's seal":       {[]string{"UPDATE audit_heads SET seal = mac WHERE tenant_id = 'simpsons'"}, 5, "seal"},
	}
	for name, a := range attacks {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
				s := stage(t, db)
				s.five(t)
				s.flush(t)
				if r := s.verify(t); !r.OK() || r.Lines != 10 {
					t.Fatalf("before: %+v", r)
				}
				for _, sql := range a.sql {
					s.exec(t, sql)
				}
				r := s.verify(t)
				i := 0
				for i < len(r.Problems) && r.Problems[i].Tenant != "simpsons" {
					i++
				}
				if i == len(r.Problems) || r.Problems[i].Seq != a.seq || !strings.Contains(r.Problems[i].What, a.what) {
					t.Fatalf("%+v", r.Problems)
				}
			})
		})
	}
}

// An older copy of the database is whole in itself: only the seal outside tells.
func TestAnOlderCopyOfTheChainIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		s.record(t, t.Context(), "simpsons", "a")
		s.exec(t, "CREATE TABLE copy AS SELECT * FROM audit_heads")
		s.record(t, t.Context(), "simpsons", "b")
		s.record(t, t.Context(), "simpsons", "c")
		s.flush(t)
		s.exec(t, "DELETE FROM audit WHERE seq > 1")
		s.exec(t, "DELETE FROM audit_heads")
		s.exec(t, "INSERT INTO audit_heads SELECT * FROM copy")
		if r := s.verify(t); len(r.Problems) != 1 || r.Problems[0].Seq != 2 {
			t.Fatalf("%+v", r)
		}
		// Life goes on past the old length; the mark stays and tells on.
		for range 4 {
			s.record(t, t.Context(), "simpsons", "new")
		}
		s.flush(t)
		if r := s.verify(t); len(r.Problems) != 1 || r.Problems[0].Seq != 3 || !strings.Contains(r.Problems[0].What, "sealed outside") {
			t.Fatalf("%+v", r)
		}
	})
}

func TestTheSealFile(t *testing.T) {
	s := stage(t, dbtest.SQLite(t))
	s.five(t)
	s.flush(t)
	path := s.config.SealFile
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a forged mark is seen", func(t *testing.T) {
		write("4" + string(good[1:]))
		if r := s.verify(t); r.OK() {
			t.Fatal("not seen")
		}
	})
	t.Run("a missing file is told", func(t *testing.T) {
		os.Remove(path)
		if r := s.verify(t); !r.OK() || len(r.Unsealed) != 2 {
			t.Fatalf("%+v", r)
		}
	})
	t.Run("half a line after a power cut does no harm", func(t *testing.T) {
		write(string(good) + "6 ab")
		if r := s.verify(t); !r.OK() {
			t.Fatalf("%+v", r)
		}
	})
	t.Run("a replica carries on", func(t *testing.T) {
		write(string(good))
		other := &Trail{db: s.Trail.db, config: s.config, chain: s.chain, sealer: s.sealer, sealed: s.sealed}
		s.record(t, t.Context(), "simpsons", "more")
		other.heads.set("simpsons", head{})
		if err := other.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if marks, damaged, err := s.sealed.read(); err != nil || damaged != 0 || len(marks) != 3 || marks[2].seq != 6 {
			t.Fatalf("%v %d %v", marks, damaged, err)
		}
	})
	t.Run("compacting keeps the newest marks", func(t *testing.T) {
		var many []mark
		for i := range int64(20) {
			many = append(many, mark{"simpsons", head{seq: i + 1}})
		}
		f := sealFile{filepath.Join(t.TempDir(), "seal"), s.sealer}
		if err := errors.Join(f.write(many), f.compact()); err != nil {
			t.Fatal(err)
		}
		if marks, _, err := f.read(); err != nil || len(marks) != 1 || marks[0].seq != 20 {
			t.Fatalf("%v %v", marks, err)
		}
	})
}

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

func FuzzParseMark(f *testing.F) {
	key := newHasher(sealKey)
	f.Add(strings.TrimSuffix(mark{"simpsons", head{seq: 7}}.line(key), "\n"))
	f.Add("1 00 00 ")
	f.Add("-1   ")
	f.Fuzz(func(t *testing.T, line string) {
		m, err := parseMark(line, key)
		if err != nil {
			return
		}
		if again, err := parseMark(strings.TrimSuffix(m.line(key), "\n"), key); err != nil || again != m {
			t.Fatalf("%v does not come back: %v", m, err)
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

func BenchmarkRefuse(b *testing.B) {
	s := stage(b, dbtest.SQLite(b))
	b.ReportAllocs()
	for b.Loop() {
		s.Refuse(b.Context(), Refusal{Tenant: "simpsons", Source: "192.0.2.7", Cause: "wrong-half", Verb: "device.register"})
	}
}
