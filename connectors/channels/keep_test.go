package channels_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func (h *house) count(t testing.TB, query string, args ...any) (n int64) {
	t.Helper()
	must(t, h.db.Raw(query, args...).Scan(&n).Error)
	return n
}

func (h *house) rule(t testing.TB, org iam.OrgID, entries, sums int) {
	t.Helper()
	must(t, h.db.Transaction(func(tx *gorm.DB) error {
		return h.SetRule(t.Context(), tx, channels.Rule{Tenant: simpsons, Org: org, Entries: entries, Sums: sums, By: marge})
	}))
}

// What a rule no longer keeps goes, its picture stays, and what no rule speaks of is not touched.
func TestOldEntriesGoAndTheirPictureStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		start := h.now.Add(-100 * 24 * time.Hour)
		h.fill(t, id, 2400, func(i int) (time.Time, string) { return start.Add(time.Duration(i) * time.Hour), strconv.Itoa(i % 100) })
		must(t, h.Keep(t.Context()))
		if runs, err := h.KeepRuns(t.Context(), 5); err != nil || len(runs) != 0 {
			t.Errorf("without a rule there were %d runs, %v", len(runs), err)
		}
		before, err := h.Series(t.Context(), id.String(), 1, start, h.now, 100)
		must(t, err)
		h.rule(t, simpsons, 30, 0)
		must(t, h.Keep(t.Context()))
		if n := h.count(t, `SELECT COUNT(*) FROM feeds`); n != 720 {
			t.Errorf("%d entries are left, want those of 30 days", n)
		}
		after, err := h.Series(t.Context(), id.String(), 1, start, h.now, 100)
		must(t, err)
		was, is := 0, 0
		for _, p := range before {
			was += p.Count
		}
		for _, p := range after {
			is += p.Count
		}
		if was != 2400 || is != was {
			t.Errorf("the chart showed %d readings and now %d", was, is)
		}
		runs, err := h.KeepRuns(t.Context(), 5)
		must(t, err)
		if len(runs) != 1 || runs[0].Entries != 1680 || runs[0].Done != 1 || runs[0].Channels != 1 || runs[0].Ended.IsZero() || runs[0].Error != "" {
			t.Errorf("runs %+v", runs)
		}
		if n := h.write(t, key, "7"); n != 2401 {
			t.Errorf("the next entry is %d", n)
		}
		h.rule(t, household, 30, 60) // the nearer rule counts
		must(t, h.Keep(t.Context()))
		if n := h.count(t, `SELECT MIN(from_at) FROM feed_sums WHERE level = 0`); n < iam.Micros(h.now.Add(-61*24*time.Hour)) {
			t.Errorf("sums of %v are left", iam.Time(n))
		}
		r, err := h.RuleFor(t.Context(), household)
		must(t, err)
		if r.Sums != 60 || r.Org != household {
			t.Errorf("the rule is %+v", r)
		}
		must(t, h.db.Transaction(func(tx *gorm.DB) error { return h.DropRule(t.Context(), tx, household) }))
		if r, err = h.RuleFor(t.Context(), household); err != nil || r.Org != simpsons {
			t.Errorf("then the rule is %+v, %v", r, err)
		}
		err = h.db.Transaction(func(tx *gorm.DB) error {
			return h.SetRule(t.Context(), tx, channels.Rule{Tenant: simpsons, Org: plant, Entries: 60, Sums: 30})
		})
		wants(t, err, channels.ErrRule)
	})
}

func TestAChannelThatCannotBeTidiedIsNoReasonToLeaveTheOthers(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	start := h.now.Add(-100 * 24 * time.Hour)
	old := func(i int) (time.Time, string) { return start.Add(time.Duration(i) * time.Minute), "1" }
	first, _ := h.channel(t, "a")
	second, _ := h.channel(t, "b")
	h.fill(t, first, 1024, old)
	h.fill(t, second, 1024, old)
	h.rule(t, simpsons, 30, 0)
	must(t, h.db.Exec(`CREATE TRIGGER broken BEFORE DELETE ON feeds WHEN old.channel_id = `+first.String()+` BEGIN SELECT RAISE(ABORT, 'a bad page'); END`).Error)
	if err := h.Keep(t.Context()); err == nil || !strings.Contains(err.Error(), "keep channel "+first.String()) {
		t.Errorf("which channel failed is not said: %v", err)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM feeds WHERE channel_id = ?`, int64(second)); n != 0 {
		t.Errorf("%d old entries of the other channel are left", n)
	}
	if runs, err := h.KeepRuns(t.Context(), 1); err != nil || len(runs) != 1 || runs[0].Done != 1 || runs[0].Error == "" {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestAnExportComesBackAsAnImport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, _ := h.channel(t, "a")
		h.fill(t, id, 2100, func(i int) (time.Time, string) {
			return h.now.Add(time.Duration(i-3000) * time.Minute), strconv.Itoa(i)
		})
		var file strings.Builder
		file.WriteString("\ufeffcreated_at,entry_id,field1,field2,latitude,longitude,elevation,status\n")
		n := 0
		must(t, h.Export(t.Context(), id, time.Time{}, time.Time{}, func(r channels.Row) error {
			if *r.Fields[0] != strconv.Itoa(n) {
				t.Fatalf("entry %d is %s", n, *r.Fields[0])
			}
			n++
			file.WriteString(r.Created.Format("2006-01-02 15:04:05 UTC") + ",9," + *r.Fields[0] + ",,,,,\n")
			return nil
		}))
		stop := errors.New("enough")
		wants(t, h.Export(t.Context(), id, h.now.Add(-time.Hour), h.now, func(channels.Row) error { return stop }), nil)
		wants(t, h.Export(t.Context(), id, h.now.Add(-3000*time.Minute), h.now, func(channels.Row) error { return stop }), stop)
		to, _ := h.channel(t, "b")
		deed := 0
		note := func(context.Context, *gorm.DB, channels.Import) error { deed++; return nil }
		for i, want := range []channels.Import{{Stored: 2100}, {There: 2100}} {
			got, err := h.ImportCSV(t.Context(), to, strings.NewReader(file.String()), false, note)
			must(t, err)
			if got.Stored != want.Stored || got.There != want.There || deed != i+1 {
				t.Errorf("import %d: %+v", i, got)
			}
		}
		c, err := h.Find(t.Context(), to)
		must(t, err)
		if c.LastEntry != 2100 || !c.Heard.IsZero() {
			t.Errorf("after the import %+v", c)
		}
		h.Wait()
	})
}

func TestBadLinesOfAnImportAreNamed(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	id, _ := h.channel(t, "a")
	file := "created_at,entry_id,field1,status\n2026-01-01 00:00:00 UTC,1,20,fine\nyesterday,2,21,\n2026-01-01 00:00:02 UTC,3," + strings.Repeat("x", 256) + ",\n" +
		"2026-01-01 00:00:03 UTC,4,\"2\"3,\n2026-01-01T00:00:04+01:00,5,24,,,,\n2026-01-01T00:00:05+01:00,6\n"
	got, err := h.ImportCSV(t.Context(), id, strings.NewReader(file), false, nil)
	wants(t, err, channels.ErrImportLines)
	if lines := badLines(got); lines != "3 4 5 6" || h.count(t, `SELECT COUNT(*) FROM feeds`) != 0 {
		t.Errorf("bad lines %s, %+v", lines, got)
	}
	got, err = h.ImportCSV(t.Context(), id, strings.NewReader(file), true, nil)
	must(t, err)
	if got.Stored != 2 || got.Bad != 4 || h.count(t, `SELECT COUNT(*) FROM feeds`) != 2 {
		t.Errorf("the others: %+v", got)
	}
	for _, bad := range []string{"", "a,b\n1,2\n", "\"", "field1\n2\n"} {
		_, err = h.ImportCSV(t.Context(), id, strings.NewReader(bad), true, nil)
		wants(t, err, channels.ErrImportHead)
	}
	_, err = h.ImportCSV(t.Context(), 999, strings.NewReader(file), true, nil)
	if err == nil {
		t.Error("a channel that is not there took a file")
	}
}

func badLines(i channels.Import) string {
	var all []string
	for _, l := range i.Lines {
		all = append(all, strconv.Itoa(l.Line))
	}
	return strings.Join(all, " ")
}

func FuzzImport(f *testing.F) {
	for _, s := range []string{"created_at,field1\n2026-01-01,1\n", "created_at,status\n\"x\n\n", "created_at\n2026-01-01T00:00:00Z,2\n", "a", "created_at,created_at,field1,field1\n20260101,,1,2"} {
		f.Add(s)
	}
	h := newHouse(f, dbtest.SQLite(f))
	id, _ := h.channel(f, "a")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := h.ImportCSV(t.Context(), id, strings.NewReader(s), true, nil)
		if err == nil && got.Stored+got.There+got.Bad > strings.Count(s, "\n")+1 {
			t.Fatalf("%q has %+v", s, got)
		}
	})
}

// On PostgreSQL entries lie in quarters of a year, whatever was there before.
func TestEntriesLieInQuarters(t *testing.T) {
	db := dbtest.Postgres(t)
	h := newHouse(t, db)
	id, key := h.channel(t, "a")
	h.fill(t, id, 3, func(i int) (time.Time, string) { return h.now.AddDate(0, -4*i, 0), strconv.Itoa(i) })
	for range 2 {
		must(t, h.PartByTime(t.Context()))
	}
	h.write(t, key, "4")
	old := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	e := entry("5")
	e.Created = &old
	_, err := h.Write(t.Context(), key, e)
	must(t, err)
	_, err = h.Write(t.Context(), key, e)
	wants(t, err, channels.ErrTimeTaken)
	for table, want := range map[string]int64{"feeds_2026q4": 2, "feeds_2027q1": 0, "feeds_rest": 3, "feeds": 5} {
		if n := h.count(t, `SELECT COUNT(*) FROM `+table); n != want {
			t.Errorf("%s has %d entries, want %d", table, n, want)
		}
	}
	last, err := h.Last(t.Context(), id, 0)
	must(t, err)
	if last.Entry != 5 || *last.Fields[0] != "5" {
		t.Errorf("the last entry is %+v", last)
	}
	must(t, h.db.Exec(`DELETE FROM feeds`).Error)
	h.now = h.now.AddDate(1, 0, 0)
	must(t, h.PartByTime(t.Context()))
	if n := h.count(t, `SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'feeds_202%' AND relkind = 'r'`); n != 2 {
		t.Errorf("%d quarters, want this one and the next", n)
	}
}

// A value that comes while the parts of the table are made is stored, and not
// refused by a part that is not its own any more.
func TestWhoWritesWhileAQuarterIsMadeIsStored(t *testing.T) {
	db := dbtest.Postgres(t)
	h := newHouse(t, db)
	id, key := h.channel(t, "a")
	before := h.db.Begin() // somebody is in the middle of writing
	must(t, before.Exec("INSERT INTO feeds (channel_id, entry_id, created_at, given_time, field1) VALUES (?, 1000, ?, FALSE, '1')", int64(id), iam.Micros(h.now)).Error)
	waiting := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			var found int
			must(t, h.db.Raw("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&found).Error)
			if found >= n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d wait, and not %d", found, n)
			}
		}
	}
	made, wrote := make(chan error, 1), make(chan error, 1)
	go func() { made <- h.PartByTime(t.Context()) }()
	waiting(1)
	value := "21.5"
	go func() {
		_, err := h.Write(t.Context(), key, channels.Entry{Fields: [channels.MaxFields]*string{&value}})
		wrote <- err
	}()
	waiting(2)
	must(t, before.Commit().Error)
	must(t, <-made)
	must(t, <-wrote)
	var rest, all int
	must(t, h.db.Raw("SELECT COUNT(*) FROM feeds_rest").Scan(&rest).Error)
	must(t, h.db.Raw("SELECT COUNT(*) FROM feeds").Scan(&all).Error)
	if rest != 0 || all != 2 {
		t.Errorf("%d lie in the rest, of %d", rest, all)
	}
}
