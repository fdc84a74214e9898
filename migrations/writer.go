package migrations

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/mattn/go-sqlite3"
)

// A batch is one transaction of SQLite that carries many deeds, each in a
// savepoint. It is committed when nobody waits for a turn or a bound is
// reached, so that one sync serves all of them.
type batch struct {
	deeds int
	since time.Time
	lost  error         // SQLite gave the whole transaction up
	err   error         // how it ended; read after done
	done  chan struct{} // closed after the commit
}

const (
	maxDeeds = 256
	maxAge   = 5 * time.Millisecond
)

func (w *writer) full() bool {
	return w.batch.deeds >= maxDeeds || time.Since(w.batch.since) > w.maxAge
}

// errLost is what every deed of a batch hears when SQLite rolled all of it back.
type errLost struct{ cause error }

func (e errLost) Error() string     { return "the database gave up a transaction: " + e.cause.Error() }
func (e errLost) Unwrap() error     { return e.cause }
func (e errLost) Unavailable() bool { return true }

// writer owns the only connection that writes. Whoever holds the turn of the
// line may use it; batch belongs to the holder as well.
type writer struct {
	line
	conn   *sqlite3.SQLiteConn
	batch  *batch
	maxAge time.Duration
	closed bool
	tally  tally

	begin, commit, rollback, save, release, undo driver.StmtExecContext
}

func openWriter(dsn string, log *slog.Logger) (*writer, error) {
	c, err := new(sqlite3.SQLiteDriver).Open(dsn + "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	w := &writer{conn: c.(*sqlite3.SQLiteConn), maxAge: maxAge}
	// What a savepoint needs to be taken back stays in memory; it is no bigger than a deed.
	if _, err := w.conn.Exec("PRAGMA temp_store = MEMORY", nil); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for sql, stmt := range map[string]*driver.StmtExecContext{
		"BEGIN IMMEDIATE": &w.begin, "COMMIT": &w.commit, "ROLLBACK": &w.rollback,
		"SAVEPOINT deed": &w.save, "RELEASE deed": &w.release, "ROLLBACK TO deed": &w.undo,
	} {
		s, err := c.Prepare(sql)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		*stmt = s.(driver.StmtExecContext)
	}
	w.open(log)
	return w, nil
}

// close waits its turn, so that nobody is left in the middle of a deed; who
// comes later hears errClosed.
func (w *writer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	granted, err := w.enter(ctx, &ticket{turn: make(chan error, 1)})
	w.shut()
	if !granted {
		return fmt.Errorf("close the database's writer: %w", err) // SQLite would not survive it under a running deed
	}
	defer w.pass()
	if w.batch != nil {
		w.end()
	}
	w.closed = true
	for _, s := range []driver.StmtExecContext{w.begin, w.commit, w.rollback, w.save, w.release, w.undo} {
		s.(driver.Stmt).Close()
	}
	return w.conn.Close()
}

func run(s driver.StmtExecContext) error {
	_, err := s.ExecContext(context.Background(), nil)
	return err
}

// start opens a deed, and the batch when there is none. The caller holds the
// turn; on an error he no longer does.
func (w *writer) start() (*batch, error) {
	if w.closed {
		w.pass()
		return nil, errClosed
	}
	if w.batch == nil {
		if err := run(w.begin); err != nil {
			w.pass()
			return nil, errLost{fmt.Errorf("begin: %w", err)}
		}
		w.batch = &batch{since: time.Now(), done: make(chan struct{})}
	}
	b := w.batch
	if err := run(w.save); err != nil {
		w.check(b, err)
		w.pass()
		return nil, errLost{fmt.Errorf("begin: %w", err)}
	}
	b.deeds++
	return b, nil
}

// keep ends a deed well: it gives the turn on and returns once the batch is on disk.
func (w *writer) keep(b *batch) error {
	if b.lost == nil {
		if err := run(w.release); err != nil {
			w.check(b, err)
			if b.lost == nil {
				w.undoDeed(b)
				w.pass()
				return err
			}
		}
	}
	w.pass()
	<-b.done
	return b.err
}

// drop takes a deed back and leaves its neighbours alone.
func (w *writer) drop(b *batch) error {
	if b.lost == nil {
		w.undoDeed(b)
	}
	w.pass()
	return nil
}

func (w *writer) undoDeed(b *batch) {
	if err := errors.Join(run(w.undo), run(w.release)); err != nil {
		b.lost = errLost{err} // what the deed did cannot be told from the rest, so nothing stays
	}
}

// check notices after a failed statement that SQLite has rolled the whole
// transaction back (disk full, I/O error): then every further statement would
// run outside any, so the batch takes no more.
func (w *writer) check(b *batch, err error) {
	if b.lost == nil && w.conn.AutoCommit() {
		b.lost = errLost{err}
	}
}

// pass gives the turn to the next in line; before that it ends the batch when
// nobody waits or the bound is reached.
func (w *writer) pass() {
	if w.batch != nil && (w.batch.lost != nil || w.full()) {
		w.end()
	}
	for yielded := false; !w.leave(w.batch == nil); yielded = true {
		if yielded {
			w.end()
		} else {
			runtime.Gosched() // who is just about to come shares the sync
		}
	}
}

func (w *writer) end() {
	b := w.batch
	w.batch = nil
	b.err = b.lost
	if b.err == nil {
		if err := run(w.commit); err != nil {
			b.err = errLost{err}
		}
	}
	if b.err != nil && !w.conn.AutoCommit() {
		if err := run(w.rollback); err != nil {
			w.log.Error("the database does not roll back", "error", err)
		}
	}
	w.tally.note(b)
	close(b.done)
}
