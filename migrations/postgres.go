package migrations

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// openPostgres makes one pool for everything: GORM and goose through
// database/sql, River natively, so that it can listen.
func (db *DB) openPostgres(ctx context.Context, c Config) (gorm.Dialector, error) {
	cfg, err := pgxpool.ParseConfig(c.DSN)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(max(cmp.Or(c.MaxConns, 16), 4)) // River listens on one, a migration takes two
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "halfkey"
	}
	if db.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, err
	}
	if err := db.pool.Ping(ctx); err != nil {
		return nil, err
	}
	db.write = stdlib.OpenDBFromPool(db.pool)
	db.read = db.write
	return postgres.New(postgres.Config{Conn: db.write}), nil
}
