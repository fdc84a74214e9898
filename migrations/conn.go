package migrations

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/mattn/go-sqlite3"
)

// connector makes connections for database/sql that all share the writer.
// Since each of them is a driver's connection, GORM, goose and River see an
// ordinary *sql.DB and *sql.Tx.
type connector struct{ w *writer }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	return &conn{w: c.w, ticket: ticket{turn: make(chan error, 1)}}, nil
}

func (c connector) Driver() driver.Driver { return new(sqlite3.SQLiteDriver) }

// conn is a place in the writer's line; batch is set while a transaction is open.
type conn struct {
	w      *writer
	ticket ticket
	batch  *batch
}

var (
	errNested = errors.New("a transaction is open on this connection")

	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil) // with Validator: keeps the connection after a rollback
	_ driver.Validator          = (*conn)(nil)
)

// BeginTx waits for the turn, as long as ctx allows, and opens a savepoint.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if c.batch != nil {
		return nil, errNested
	}
	granted, err := c.w.enter(ctx, &c.ticket)
	if err != nil {
		if granted {
			c.w.pass()
		}
		return nil, err
	}
	if c.batch, err = c.w.start(); err != nil {
		return nil, err
	}
	return c, nil
}

// Commit returns after the batch is on disk.
func (c *conn) Commit() error {
	b := c.batch
	c.batch = nil
	return c.w.keep(b)
}

// Rollback takes back this transaction alone.
func (c *conn) Rollback() error {
	b := c.batch
	c.batch = nil
	return c.w.drop(b)
}

// ExecContext runs to the end even when ctx is cancelled: an interrupted write
// would make SQLite roll back the neighbours' work too.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.batch != nil {
		return c.exec(query, args)
	}
	var res driver.Result
	err := c.alone(ctx, func() (err error) {
		res, err = c.exec(query, args)
		return err
	})
	return res, err
}

// QueryContext outside a transaction is for statements that write and return
// rows: these are kept until the write is on disk.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.batch != nil {
		return c.query(query, args)
	}
	var kept *keptRows
	err := c.alone(ctx, func() error {
		rows, err := c.query(query, args)
		if err != nil {
			return err
		}
		if kept, err = keep(rows); err != nil {
			c.w.check(c.batch, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// alone runs do as a transaction of its own.
func (c *conn) alone(ctx context.Context, do func() error) error {
	if _, err := c.BeginTx(ctx, driver.TxOptions{}); err != nil {
		return err
	}
	if err := do(); err != nil {
		c.Rollback() // never fails; what it could not take back, the batch reports
		return err
	}
	return c.Commit()
}

func (c *conn) exec(query string, args []driver.NamedValue) (driver.Result, error) {
	if c.batch.lost != nil {
		return nil, c.batch.lost
	}
	c.w.says(query)
	res, err := c.w.conn.ExecContext(context.Background(), query, args)
	if err != nil {
		c.w.check(c.batch, err)
	}
	return res, err
}

func (c *conn) query(query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.batch.lost != nil {
		return nil, c.batch.lost
	}
	c.w.says(query)
	rows, err := c.w.conn.QueryContext(context.Background(), query, args)
	if err != nil {
		c.w.check(c.batch, err)
	}
	return rows, err
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *conn) Prepare(query string) (driver.Stmt, error) { return stmt{c, query}, nil }

func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return stmt{c, query}, nil
}

func (c *conn) ResetSession(context.Context) error { return nil }
func (c *conn) IsValid() bool                      { return true }

func (c *conn) Close() error {
	if c.batch != nil {
		return c.Rollback()
	}
	return nil
}

// stmt only remembers its text: the writer keeps what SQLite prepared.
type stmt struct {
	c     *conn
	query string
}

func (s stmt) Close() error  { return nil }
func (s stmt) NumInput() int { return -1 }

func (s stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.ExecContext(ctx, s.query, args)
}

func (s stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.c.QueryContext(ctx, s.query, args)
}

func (s stmt) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }
func (s stmt) Query([]driver.Value) (driver.Rows, error)  { return nil, driver.ErrSkip }

// keptRows are rows read to the end beforehand.
type keptRows struct {
	columns []string
	rows    [][]driver.Value
}

func keep(r driver.Rows) (*keptRows, error) {
	defer r.Close()
	k := &keptRows{columns: r.Columns()}
	for {
		row := make([]driver.Value, len(k.columns))
		switch err := r.Next(row); err {
		case nil:
			k.rows = append(k.rows, row)
		case io.EOF:
			return k, nil
		default:
			return nil, err
		}
	}
}

func (k *keptRows) Columns() []string { return k.columns }
func (k *keptRows) Close() error      { return nil }

func (k *keptRows) Next(dest []driver.Value) error {
	if len(k.rows) == 0 {
		return io.EOF
	}
	copy(dest, k.rows[0])
	k.rows = k.rows[1:]
	return nil
}
