package web_test

import (
	"context"
	"database/sql"
	"strconv"
	"sync"
	"testing"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// held is a database all of whose deeds stay in one transaction that is never
// committed, so that a deed can be tried for real and taken back. Each of the
// house's transactions is a savepoint of it; one at a time.
type held struct {
	*sql.Tx
	turn sync.Mutex
	n    int
}

// hold opens one.
func hold(t *testing.T) (*migrations.DB, *held) {
	t.Helper()
	db := dbtest.SQLite(t)
	whole, err := db.Gorm.DB()
	if err != nil {
		t.Fatal(err)
	}
	tx, err := whole.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tx.Rollback() })
	h := &held{Tx: tx}
	if db.Gorm, err = gorm.Open(sqlite.New(sqlite.Config{Conn: pool{h}}), &gorm.Config{
		TranslateError: true, SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard, NowFunc: db.Gorm.NowFunc}); err != nil {
		t.Fatal(err)
	}
	return db, h
}

// try does what do does, and takes all of it back.
func (h *held) try(t *testing.T, do func()) {
	t.Helper()
	h.turn.Lock()
	h.n++
	name := "try" + strconv.Itoa(h.n)
	h.say(t, "SAVEPOINT "+name)
	h.turn.Unlock()
	do()
	h.turn.Lock()
	defer h.turn.Unlock()
	h.say(t, "ROLLBACK TO "+name)
	h.say(t, "RELEASE "+name)
}

// part is a version of rights that nobody has seen, so that nothing which was
// remembered of a deed that was taken back is believed.
func (h *held) part(t *testing.T) { h.say(t, "UPDATE authz_version SET version = version + 1000") }

func (h *held) say(t *testing.T, statement string) {
	t.Helper()
	if _, err := h.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// pool is what GORM sees outside of a transaction.
type pool struct{ h *held }

func (p pool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.h.Tx.PrepareContext(context.WithoutCancel(ctx), query)
}

func (p pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.h.Tx.ExecContext(context.WithoutCancel(ctx), query, args...)
}

func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.h.Tx.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (p pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.h.Tx.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

// BeginTx opens a savepoint.
func (p pool) BeginTx(context.Context, *sql.TxOptions) (gorm.ConnPool, error) {
	p.h.turn.Lock()
	p.h.n++
	s := &step{pool: p, name: "step" + strconv.Itoa(p.h.n)}
	_, err := p.h.Exec("SAVEPOINT " + s.name)
	if err != nil {
		p.h.turn.Unlock()
	}
	return s, err
}

// step is a transaction of the house.
type step struct {
	pool
	name string
	done bool
}

func (s *step) Commit() error { return s.end("RELEASE " + s.name) }

func (s *step) Rollback() error {
	return s.end("ROLLBACK TO "+s.name, "RELEASE "+s.name)
}

func (s *step) end(statements ...string) error {
	if s.done {
		return sql.ErrTxDone
	}
	s.done = true
	defer s.h.turn.Unlock()
	for _, statement := range statements {
		if _, err := s.h.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}
