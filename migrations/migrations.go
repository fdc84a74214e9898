// Package migrations is the ground: it opens the database, SQLite or
// PostgreSQL, keeps its schema, and offers jobs that are enqueued in a deed's
// own transaction. Whoever stands on it sees an ordinary *gorm.DB; that SQLite
// has one writer and commits many transactions with one sync is known here only.
package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
)

// The two dialects, as Config.Driver and DB.Dialect name them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Config says which database to open.
type Config struct {
	Driver   string // SQLite or Postgres
	Path     string // SQLite: the database file; its folder must exist
	DSN      string // PostgreSQL: URL or key=value words
	MaxConns int    // PostgreSQL: size of the pool, 16 unless said otherwise, at least 4
	Logger   *slog.Logger
}

// DB is an open database. Pass Gorm to those who store things.
type DB struct {
	Gorm *gorm.DB

	dialect string
	log     *slog.Logger
	write   *sql.DB       // everything that writes, and River
	read    *sql.DB       // SQLite: the readers; PostgreSQL: the same as write
	writer  *writer       // SQLite only
	pool    *pgxpool.Pool // PostgreSQL only
}

// Open opens the database that c names. It does not look at the schema: Migrate does.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	db := &DB{dialect: c.Driver, log: c.Logger}
	var dialector gorm.Dialector
	var err error
	switch c.Driver {
	case SQLite:
		dialector, err = db.openSQLite(c)
	case Postgres:
		dialector, err = db.openPostgres(ctx, c)
	default:
		err = fmt.Errorf("unknown driver %q, want %s or %s", c.Driver, SQLite, Postgres)
	}
	if err == nil {
		db.Gorm, err = gorm.Open(dialector, &gorm.Config{
			TranslateError:         true,
			SkipDefaultTransaction: true,
			DisableAutomaticPing:   true,
			Logger:                 quiet{c.Logger},
			NowFunc:                func() time.Time { return time.Now().UTC() },
		})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}

// Dialect is SQLite or Postgres.
func (db *DB) Dialect() string { return db.dialect }

// Ping asks the database whether it still answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Close waits for what is running and closes every connection.
func (db *DB) Close() error {
	var errs []error
	if db.read != nil && db.read != db.write {
		errs = append(errs, db.read.Close())
	}
	if db.write != nil {
		errs = append(errs, db.write.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	if db.pool != nil {
		db.pool.Close()
	}
	return errors.Join(errs...)
}
