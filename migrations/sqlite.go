package migrations

import (
	"context"
	"database/sql"
	"os"
	"strings"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// readers is how many statements may read at the same time.
const readers = 4

// pragmas hold for every connection. WAL lets readers go on beside the writer,
// FULL puts each commit on disk before it is acknowledged.
const pragmas = "?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=5000"

func (db *DB) openSQLite(c Config) (gorm.Dialector, error) {
	// Made here so that nobody else may read it; WAL and shared memory take its mode.
	f, err := os.OpenFile(c.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	dsn := filename(c.Path) + pragmas
	if db.writer, err = openWriter(dsn+"&_cache_size=-8000&_stmt_cache_size=96", c.Logger); err != nil {
		return nil, err
	}
	db.write = sql.OpenDB(connector{db.writer})
	db.write.SetMaxIdleConns(256) // they are places in the queue, not connections
	if db.read, err = sql.Open(sqlite.DriverName, dsn+"&_query_only=on&_cache_size=-4000&_stmt_cache_size=64"); err != nil {
		return nil, err
	}
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)
	return sqlite.New(sqlite.Config{Conn: pool{write: db.write, read: db.read}}), nil
}

// filename is the path as SQLite reads it before its settings.
func filename(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// pool is what GORM sees: statements that only read go to the readers, all
// others and every transaction to the writer.
type pool struct{ write, read *sql.DB }

func (p pool) side(query string) *sql.DB {
	if onlyReads(query) {
		return p.read
	}
	return p.write
}

func (p pool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.side(query).PrepareContext(ctx, query)
}

func (p pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.write.ExecContext(ctx, query, args...)
}

func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.side(query).QueryContext(ctx, query, args...)
}

func (p pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.side(query).QueryRowContext(ctx, query, args...)
}

// BeginTx begins a transaction of the writer, or a snapshot when opts say read-only.
func (p pool) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	if opts != nil && opts.ReadOnly {
		return p.read.BeginTx(ctx, nil) // mattn's driver knows no options; the reader is query_only anyway
	}
	return p.write.BeginTx(ctx, nil)
}

// GetDBConn is what GORM's DB() returns.
func (p pool) GetDBConn() (*sql.DB, error) { return p.write, nil }

// onlyReads judges by the first word. A WITH that mentions a changing word may
// change rows, so it goes to the writer, where a read is right as well.
func onlyReads(query string) bool {
	word := firstWord(query)
	switch {
	case strings.EqualFold(word, "SELECT"), strings.EqualFold(word, "VALUES"), strings.EqualFold(word, "EXPLAIN"):
		return true
	case strings.EqualFold(word, "WITH"):
		for w := range strings.FieldsFuncSeq(query, func(r rune) bool { return r <= ' ' || r == '(' || r == ')' }) {
			if strings.EqualFold(w, "INSERT") || strings.EqualFold(w, "UPDATE") || strings.EqualFold(w, "DELETE") || strings.EqualFold(w, "REPLACE") {
				return false
			}
		}
		return true
	}
	return false
}

// firstWord skips blanks and comments.
func firstWord(q string) string {
	for {
		q = strings.TrimLeft(q, " \t\r\n;")
		switch {
		case strings.HasPrefix(q, "--"):
			_, q, _ = strings.Cut(q, "\n")
		case strings.HasPrefix(q, "/*"):
			_, q, _ = strings.Cut(q, "*/")
		default:
			end := strings.IndexFunc(q, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' })
			if end < 0 {
				return q
			}
			return q[:end]
		}
	}
}
