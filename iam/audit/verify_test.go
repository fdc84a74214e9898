package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

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
