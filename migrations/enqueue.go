package migrations

import (
	"database/sql"
	"fmt"
	"log/slog"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"gorm.io/gorm"
)

// These clients only put jobs in, each through the transaction that it is given.
var (
	intoSQLite   = sync.OnceValues(func() (*river.Client[*sql.Tx], error) { return inserter(riversqlite.New(nil)) })
	intoPostgres = sync.OnceValues(func() (*river.Client[*sql.Tx], error) { return inserter(riverdatabasesql.New(nil)) })
)

func inserter(d riverdriver.Driver[*sql.Tx]) (*river.Client[*sql.Tx], error) {
	return river.NewClient(d, &river.Config{Logger: slog.New(slog.DiscardHandler)})
}

// Enqueue puts a job in as part of tx: it runs after the commit, and never
// when tx is rolled back. opts may be nil. On SQLite it costs some 0.3 ms, so
// a hot path does without.
func Enqueue(tx *gorm.DB, args river.JobArgs, opts *river.InsertOpts) error {
	client, t, err := queueOf(tx)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	_, err = client.InsertTx(tx.Statement.Context, t, args, opts)
	return err
}
