package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Migrate brings the schema up to date. When it is current, that costs one
// query. Several replicas may call it at once: on PostgreSQL they take turns.
func (db *DB) Migrate(ctx context.Context) error {
	folder, err := fs.Sub(files, db.dialect)
	if err != nil {
		return err
	}
	want, err := newest(folder)
	if err != nil {
		return err
	}
	switch have := db.Version(ctx); {
	case have == want:
		return nil
	case have > want:
		return fmt.Errorf("the database has schema version %d, made by a newer Halfkey; this one knows %d", have, want)
	}
	options := []goose.ProviderOption{goose.WithGoMigrations(db.river()), goose.WithDisableGlobalRegistry(true)}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
		options = append(options, goose.WithSessionLocker(turn{}))
	}
	p, err := goose.NewProvider(dialect, db.write, folder, options...)
	if err != nil {
		return err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range done {
		db.log.Info("schema migrated", "version", m.Source.Version, "took", m.Duration)
	}
	return nil
}

// Version is the schema's version, zero before the first Migrate.
func (db *DB) Version(ctx context.Context) (v int64) {
	if db.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&v) != nil {
		return 0
	}
	return v
}

func newest(folder fs.FS) (v int64, err error) {
	names, err := fs.Glob(folder, "*.sql")
	for _, n := range names {
		one, err := goose.NumericComponent(path.Base(n))
		if err != nil {
			return 0, err
		}
		v = max(v, one)
	}
	return v, err
}

// river is migration 1: the tables of the job queue, as River makes them.
// It runs outside a transaction because River counts its own steps, and one of
// them needs a value of an enum that another one commits.
func (db *DB) river() *goose.Migration {
	run := func(d rivermigrate.Direction) *goose.GoFunc {
		return &goose.GoFunc{RunDB: func(ctx context.Context, sqlDB *sql.DB) error {
			if db.dialect == Postgres {
				return migrateRiver(ctx, riverdatabasesql.New(sqlDB), d)
			}
			return migrateRiver(ctx, riversqlite.New(sqlDB), d)
		}}
	}
	return goose.NewGoMigration(1, run(rivermigrate.DirectionUp), run(rivermigrate.DirectionDown))
}

func migrateRiver(ctx context.Context, driver riverdriver.Driver[*sql.Tx], d rivermigrate.Direction) error {
	m, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	opts := &rivermigrate.MigrateOpts{}
	if d == rivermigrate.DirectionDown {
		opts.TargetVersion = -1
	}
	_, err = m.Migrate(ctx, d, opts)
	return err
}
