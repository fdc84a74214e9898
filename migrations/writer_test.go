package migrations

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
)

func newSQLite(t testing.TB) *DB {
	t.Helper()
	db, err := Open(context.Background(), Config{Driver: SQLite, Path: filepath.Join(t.TempDir(), "a b?c#d%e.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Gorm.Exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)").Error; err != nil {
		t.Fatal(err)
	}
	return db
}

type note struct {
	ID   int64
	Text string
}

func add(tx *gorm.DB, text string) error { return tx.Create(&note{Text: text}).Error }

func (db *DB) has(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	if err := db.Gorm.Model(&note{}).Order("text").Pluck("text", &got).Error; err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("stored: %v, want %v", got, want)
	}
}

// together makes every deed wait while the turn is held, so that all of them
// ride in one batch, in this order, and returns what each heard.
func together(t *testing.T, db *DB, deeds ...func(tx *gorm.DB) error) []error {
	t.Helper()
	hold := db.Gorm.Begin()
	if hold.Error != nil {
		t.Fatal(hold.Error)
	}
	errs := make([]error, len(deeds))
	var wg sync.WaitGroup
	for i, deed := range deeds {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = db.Gorm.Transaction(deed)
		})
		waitFor(t, func() bool { return db.writer.length() == i+1 })
	}
	if err := hold.Rollback().Error; err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	return errs
}

func (l *line) length() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for t := l.first; t != nil; t = t.next {
		n++
	}
	return n
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

func TestAFailingDeedDoesNotHarmItsNeighbours(t *testing.T) {
	db := newSQLite(t)
	boom := errors.New("boom")
	ctx, hangUp := context.WithCancel(t.Context())
	errs := together(t, db,
		func(tx *gorm.DB) error { return add(tx, "one") },
		func(tx *gorm.DB) error { return errors.Join(add(tx, "failed"), boom) },
		func(tx *gorm.DB) error { return add(tx, "one") }, // the index refuses it
		func(tx *gorm.DB) error { add(tx, "panicked"); panic("at the disco") },
		func(tx *gorm.DB) error {
			hangUp() // between two statements
			return errors.Join(add(tx.WithContext(ctx), "hung-up"))
		},
		func(tx *gorm.DB) error { return add(tx, "two") },
	)
	if errs[0] != nil || errs[5] != nil {
		t.Fatalf("a neighbour was harmed: %v, %v", errs[0], errs[5])
	}
	if !errors.Is(errs[1], boom) || !errors.Is(errs[2], gorm.ErrDuplicatedKey) || errs[3] == nil || !errors.Is(errs[4], context.Canceled) {
		t.Fatalf("%v", errs)
	}
	db.has(t, "one", "two")
}

func TestDeedsThatWaitShareOneCommit(t *testing.T) {
	db := newSQLite(t)
	batches := make(map[*batch]int)
	deed := func(text string) func(tx *gorm.DB) error {
		return func(tx *gorm.DB) error { batches[db.writer.batch]++; return add(tx, text) }
	}
	for _, err := range together(t, db, deed("a"), deed("b"), deed("c"), deed("d")) {
		if err != nil {
			t.Fatal(err)
		}
	}
	db.has(t, "a", "b", "c", "d")
	if len(batches) > 2 { // the machine may be slow enough to reach the bound of age once
		t.Fatalf("four deeds took %d commits", len(batches))
	}
}

func TestNobodyIsToldYesWhenSQLiteGivesTheTransactionUp(t *testing.T) {
	db := newSQLite(t)
	if err := add(db.Gorm, "before"); err != nil {
		t.Fatal(err)
	}
	errs := together(t, db,
		func(tx *gorm.DB) error { return add(tx, "neighbour") },
		func(tx *gorm.DB) error {
			// What a full disk does: an error, and the whole transaction is gone.
			err := tx.Exec("INSERT OR ROLLBACK INTO notes (text) VALUES ('before')").Error
			if err == nil || add(tx, "outside any transaction") == nil {
				t.Error("a statement ran after the transaction was gone")
			}
			return nil // the deed does not even notice
		},
		func(tx *gorm.DB) error { return add(tx, "later") },
	)
	var lost interface{ Unavailable() bool }
	if !errors.As(errs[0], &lost) || !errors.As(errs[1], &lost) || errs[2] != nil {
		t.Fatalf("%v", errs)
	}
	db.has(t, "before", "later")
}

func TestWhoWaitsForTheWriterMayGiveUp(t *testing.T) {
	db := newSQLite(t)
	hold := db.Gorm.Begin()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		gone <- db.Gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return add(tx, "never") })
	}()
	waitFor(t, func() bool { return db.writer.length() == 1 })
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := add(hold, "kept"); err != nil {
		t.Fatal(err)
	}
	if err := hold.Commit().Error; err != nil {
		t.Fatal(err)
	}
	db.has(t, "kept")
}

func TestGivingUpAtAnyMomentLosesNoTurn(t *testing.T) {
	db := newSQLite(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var kept int64
	for w := range 16 {
		wg.Go(func() {
			for i := range 40 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((w*7+i*13)%40)*20*time.Microsecond)
				err := db.Gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return add(tx, fmt.Sprint(w, "-", i)) })
				cancel()
				if err == nil {
					mu.Lock()
					kept++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	var n int64
	if err := db.Gorm.Model(&note{}).Count(&n).Error; err != nil || n != kept {
		t.Fatalf("%d acknowledged, %d stored, %v", kept, n, err)
	}
	if err := add(db.Gorm, "still open"); err != nil {
		t.Fatal(err)
	}
}

func TestATransactionInsideAnotherRollsBackAlone(t *testing.T) {
	db := newSQLite(t)
	err := db.Gorm.Transaction(func(tx *gorm.DB) error {
		inner := tx.Transaction(func(tx *gorm.DB) error { return errors.Join(add(tx, "inner"), errors.New("no")) })
		if inner == nil {
			t.Error("the inner error is lost")
		}
		return add(tx, "outer")
	})
	if err != nil {
		t.Fatal(err)
	}
	db.has(t, "outer")
}

func TestOthersSeeADeedOnlyOnceItIsCommitted(t *testing.T) {
	db := newSQLite(t)
	tx := db.Gorm.Begin()
	if err := add(tx, "mine"); err != nil {
		t.Fatal(err)
	}
	db.has(t) // a reader, meanwhile
	var n int64
	if err := tx.Model(&note{}).Count(&n).Error; err != nil || n != 1 {
		t.Fatalf("the deed does not see its own row: %d, %v", n, err)
	}
	if err := tx.Commit().Error; err != nil {
		t.Fatal(err)
	}
	db.has(t, "mine")
}

func TestReadersCannotWrite(t *testing.T) {
	db := newSQLite(t)
	if _, err := db.read.Exec("INSERT INTO notes (text) VALUES ('x')"); err == nil {
		t.Fatal("a reader wrote")
	}
}

func TestAnInsertThatReturnsIsOnDiskBeforeItAnswers(t *testing.T) {
	db := newSQLite(t)
	var ids []int64
	if err := db.Gorm.Raw("INSERT INTO notes (text) VALUES ('a'), ('b') RETURNING id").Scan(&ids).Error; err != nil || len(ids) != 2 {
		t.Fatalf("%v %v", ids, err)
	}
	db.has(t, "a", "b")
	err := db.Gorm.Raw("INSERT INTO notes (text) VALUES ('c'), ('a') RETURNING id").Scan(&ids).Error
	if err == nil {
		t.Fatal("the index let a twin in")
	}
	db.has(t, "a", "b")
}

func TestTheLogNamesADeedThatHangsAndWaitersAreSentAway(t *testing.T) {
	db := newSQLite(t)
	var out bytes.Buffer
	db.writer.mu.Lock()
	db.writer.log = slog.New(slog.NewTextHandler(&out, nil))
	db.writer.mu.Unlock()
	hold := db.Gorm.Begin()
	if err := hold.Exec("INSERT INTO notes (text) VALUES (?)", "a secret").Error; err != nil {
		t.Fatal(err)
	}
	gone := make(chan error)
	go func() { gone <- add(db.Gorm, "past its own transaction") }()
	waitFor(t, func() bool { return db.writer.length() == 1 })
	db.writer.look(time.Now().Add(time.Minute))
	db.writer.look(time.Now().Add(time.Minute))
	if err := <-gone; !errors.Is(err, errBusy{}) {
		t.Fatal(err)
	}
	hold.Rollback()
	if log := out.String(); strings.Count(log, "INSERT INTO notes") != 1 || strings.Contains(log, "a secret") {
		t.Fatalf("the log says: %s", log)
	}
}

func TestOnlyReads(t *testing.T) {
	for query, want := range map[string]bool{
		"SELECT 1": true, " \n-- UPDATE\n/* x */ select 1": true, "(SELECT 1)": false, "VALUES (1)": true,
		"INSERT INTO a VALUES (1) RETURNING id": false, "-- name: X\nUPDATE a SET b = 1 RETURNING b": false,
		"WITH a AS (SELECT updated_at FROM b) SELECT * FROM a":               true,
		"WITH a AS (SELECT 1) DELETE FROM b":                                 false,
		"WITH RECURSIVE t(n) AS (VALUES(1))\ninsert\tINTO b SELECT n FROM t": false,
		"": false, "--": false, "/*": false, "PRAGMA user_version": false,
	} {
		if got := onlyReads(query); got != want {
			t.Errorf("onlyReads(%q) = %v", query, got)
		}
	}
}

func FuzzOnlyReads(f *testing.F) {
	f.Add("WITH a AS (SELECT 1) UPDATE b SET c = 1")
	f.Add("/* */ -- \n SELECT")
	f.Fuzz(func(t *testing.T, q string) {
		if onlyReads(q) && !strings.ContainsAny(q, "sSvVeEwW") {
			t.Errorf("%q is taken for a read", q)
		}
	})
}

func TestAFullDiskHarmsOnlyWhatItCannotHold(t *testing.T) {
	db := newSQLite(t)
	if err := db.writer.limitPages(16); err != nil {
		t.Fatal(err)
	}
	errs := together(t, db,
		func(tx *gorm.DB) error { return add(tx, "small") },
		func(tx *gorm.DB) error { return add(tx, strings.Repeat("large", 100_000)) },
		func(tx *gorm.DB) error { return add(tx, "after") },
	)
	if errs[1] == nil {
		t.Fatal("there was room")
	}
	var kept []string
	for i, text := range map[int]string{0: "small", 2: "after"} {
		if errs[i] == nil {
			kept = append(kept, text)
		}
	}
	slices.Sort(kept)
	db.has(t, kept...)
	if err := db.writer.limitPages(1 << 20); err != nil {
		t.Fatal(err)
	}
	if err := add(db.Gorm, "there is room again"); err != nil {
		t.Fatal(err)
	}
}

func (w *writer) limitPages(n int) error {
	_, err := w.conn.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n), nil)
	return err
}

// Whatever happens around it: a deed that heard yes is stored, one that heard no is not.
func TestYesMeansStoredAndNoMeansNot(t *testing.T) {
	db := newSQLite(t)
	if err := add(db.Gorm, "taken"); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"taken": true}
	var mu sync.Mutex
	var wg sync.WaitGroup
	no := errors.New("no")
	for w := range 12 {
		wg.Go(func() {
			for i := range 50 {
				text := fmt.Sprint(w, "-", i)
				err := attempt(db, func(tx *gorm.DB) error {
					if err := add(tx, text); err != nil {
						return err
					}
					switch (w*50 + i) % 9 {
					case 0:
						return no
					case 1:
						panic(no)
					case 2:
						return add(tx, "taken")
					case 3:
						return tx.Exec("INSERT OR ROLLBACK INTO notes (text) VALUES ('taken')").Error
					case 4:
						tx.Transaction(func(tx *gorm.DB) error { return errors.Join(add(tx, text+"-inner"), no) })
					}
					return nil
				})
				mu.Lock()
				want[text] = err == nil
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var stored []string
	if err := db.Gorm.Model(&note{}).Pluck("text", &stored).Error; err != nil {
		t.Fatal(err)
	}
	for _, text := range stored {
		if !want[text] {
			t.Errorf("%s heard no and is stored", text)
		}
		delete(want, text)
	}
	for text, yes := range want {
		if yes {
			t.Errorf("%s heard yes and is not stored", text)
		}
	}
}

func attempt(db *DB, deed func(tx *gorm.DB) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return db.Gorm.Transaction(deed)
}
