package migrations

import (
	"context"
	"database/sql"
	"time"
)

// turn lets one replica migrate at a time, by an advisory lock of PostgreSQL.
// It asks again and again rather than wait inside the database, where a waiting
// statement would hold up an index that is built concurrently.
type turn struct{}

// lockID is the lock's number: any that nobody else on the server uses.
const lockID = 0x68616c666b6579 // "halfkey"

func (turn) SessionLock(ctx context.Context, conn *sql.Conn) error {
	for {
		var mine bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lockID).Scan(&mine); err != nil || mine {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (turn) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lockID)
	return err
}
