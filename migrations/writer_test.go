package migrations

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
	db.writer.maxAge = time.Hour // ours, while we hold the turn
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
	before, _ := db.Commits()
	deed := func(text string) func(tx *gorm.DB) error {
		return func(tx *gorm.DB) error { batches[db.writer.batch]++; return add(tx, text) }
	}
	for _, err := range together(t, db, deed("a"), deed("b"), deed("c"), deed("d")) {
		if err != nil {
			t.Fatal(err)
		}
	}
	db.has(t, "a", "b", "c", "d")
	if len(batches) != 1 {
		t.Fatalf("four deeds took %d commits", len(batches))
	}
	// With the one that held the turn, and came to nothing, they are five.
	after, ok := db.Commits()
	if !ok || after.Count-before.Count != 1 || after.Deeds-before.Deeds != 5 || after.UpTo[4] != before.UpTo[4] || after.UpTo[8]-before.UpTo[8] != 1 || after.Failed != 0 {
		t.Fatalf("counted as %+v after %+v", after, before)
	}
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

// Whatever happens around it: a deed that heard yes is stored, one that heard no is not.
