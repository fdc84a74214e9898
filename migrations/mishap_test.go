package migrations

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

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

// A backup or an administrator's shell may hold the file for longer than we wait for it.
func TestADatabaseThatAnotherProcessHoldsIsAwayForThatLong(t *testing.T) {
	db := newSQLite(t)
	if err := db.writer.waitAtMost(20 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	var file string
	if err := db.Gorm.Raw("SELECT file FROM pragma_database_list").Scan(&file).Error; err != nil {
		t.Fatal(err)
	}
	shell, err := sql.Open(sqlite.DriverName, filename(file))
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	shell.SetMaxOpenConns(1)
	if _, err := shell.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, deed := range []func() error{
		func() error { return db.Gorm.Transaction(func(tx *gorm.DB) error { return add(tx, "a deed") }) },
		func() error { return db.Gorm.Transaction(func(tx *gorm.DB) error { return add(tx, "another") }) },
		func() error { return add(db.Gorm, "a statement") },
	} {
		wg.Go(func() {
			var away interface{ Unavailable() bool }
			if err := deed(); !errors.As(err, &away) || !away.Unavailable() {
				t.Errorf("heard %v", err)
			}
		})
	}
	wg.Wait()
	db.has(t) // readers are not held up
	if _, err := shell.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := add(db.Gorm, "after"); err != nil {
		t.Fatal(err)
	}
	db.has(t, "after")
}

func (w *writer) waitAtMost(d time.Duration) error {
	_, err := w.conn.Exec(fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()), nil)
	return err
}

func (w *writer) limitPages(n int) error {
	_, err := w.conn.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n), nil)
	return err
}

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

func TestClosingWaitsForTheDeedAndTurnsTheNextAway(t *testing.T) {
	db, err := Open(t.Context(), Config{Driver: SQLite, Path: filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Gorm.Exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)").Error; err != nil {
		t.Fatal(err)
	}
	running, err := db.write.Conn(t.Context()) // a deed of someone who was not told that the end is near
	if err != nil {
		t.Fatal(err)
	}
	late, err := db.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tx, err := running.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	waitFor(t, func() bool { return db.writer.length() == 1 })
	if _, err := tx.Exec("INSERT INTO notes (text) VALUES ('in time')"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if _, err := late.ExecContext(t.Context(), "INSERT INTO notes (text) VALUES ('late')"); !errors.Is(err, errClosed) {
		t.Fatal(err)
	}
}
