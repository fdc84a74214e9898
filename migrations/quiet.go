package migrations

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// slow is how long a statement may take before the log mentions it.
const slow = time.Second

// quiet is GORM's logger: it tells what was slow or failed, and never prints
// a parameter, since parameters hold keys and names.
type quiet struct{ log *slog.Logger }

func (q quiet) LogMode(logger.LogLevel) logger.Interface { return q }

func (q quiet) Info(ctx context.Context, msg string, _ ...any)  { q.log.DebugContext(ctx, msg) }
func (q quiet) Warn(ctx context.Context, msg string, _ ...any)  { q.log.WarnContext(ctx, msg) }
func (q quiet) Error(ctx context.Context, msg string, _ ...any) { q.log.ErrorContext(ctx, msg) }

// ParamsFilter hands the statement back without its parameters.
func (q quiet) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

func (q quiet) Trace(ctx context.Context, began time.Time, what func() (string, int64), err error) {
	took := time.Since(began)
	switch {
	case took > slow:
		stmt, rows := what()
		q.log.WarnContext(ctx, "slow statement", "sql", stmt, "rows", rows, "took", took)
	case err != nil && !errors.Is(err, gorm.ErrRecordNotFound) && q.log.Enabled(ctx, slog.LevelDebug):
		stmt, _ := what()
		q.log.DebugContext(ctx, "statement failed", "sql", stmt, "error", err)
	}
}
