package rhythm

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"
	"gorm.io/gorm"
)

// Round is the job that looks at the devices whose turn it is.
type Round struct{}

// Kind names the job in the queue.
func (Round) Kind() string { return "rhythm" }

// Worker does rounds; ask for one a minute.
type Worker struct {
	river.WorkerDefaults[Round]
	*Watch
}

// Work does one round.
func (w Worker) Work(ctx context.Context, _ *river.Job[Round]) error { return w.Run(ctx) }

// watched are the tenants of which somebody wants to hear. CROSS JOIN tells SQLite
// to begin with the wishes, which are fewer than the roles.
const watched = `SELECT DISTINCT a.tenant_id FROM silence_wishes w CROSS JOIN assignments a WHERE a.subject_id = w.user_id AND a.ended_at IS NULL
UNION SELECT DISTINCT tenant_id FROM webhooks WHERE removed_at IS NULL`

// hasNew are those of them with a device that nobody has taken up.
const hasNew = `SELECT t.tenant_id FROM (` + watched + `) AS t
WHERE EXISTS (SELECT 1 FROM devices d WHERE d.tenant_id = t.tenant_id AND d.id > COALESCE((SELECT upto FROM watch_marks m WHERE m.tenant_id = t.tenant_id), ''))`

// Run takes new devices up, then looks at those that are due, the longest due first.
func (w *Watch) Run(ctx context.Context) error {
	db := w.Devices.DB.WithContext(ctx)
	var behind []string
	if err := db.Raw(hasNew).Scan(&behind).Error; err != nil {
		return fmt.Errorf("rhythm: %w", err)
	}
	if err := w.forget(db); err != nil {
		return fmt.Errorf("rhythm: %w", err)
	}
	for _, tenant := range behind {
		if err := w.takeUp(db, tenant); err != nil {
			return fmt.Errorf("rhythm: take up devices: %w", err)
		}
	}
	for range pagesMost {
		n, err := w.look(ctx, db)
		if err != nil {
			return fmt.Errorf("rhythm: %w", err)
		}
		if n < pageSize {
			return nil
		}
	}
	return nil
}

// forget lets go of tenants of which nobody wants to hear any more, a page at a time.
func (w *Watch) forget(db *gorm.DB) error {
	var gone []string
	if err := db.Raw("SELECT tenant_id FROM watch_marks WHERE tenant_id NOT IN (" + watched + ")").Scan(&gone).Error; err != nil {
		return err
	}
	for _, tenant := range gone {
		res := db.Exec("DELETE FROM device_watch WHERE device_id IN (SELECT device_id FROM device_watch WHERE tenant_id = ? LIMIT ?)", tenant, pageSize)
		if res.Error == nil && res.RowsAffected < pageSize {
			res = db.Exec("DELETE FROM watch_marks WHERE tenant_id = ?", tenant)
		}
		if res.Error != nil {
			return res.Error
		}
	}
	return nil
}

// takeUp adds the devices of the tenant that came since the last time: their ids
// follow one another in time.
func (w *Watch) takeUp(db *gorm.DB, tenant string) error {
	for range pagesMost {
		var mark string
		if err := db.Raw("SELECT upto FROM watch_marks WHERE tenant_id = ?", tenant).Scan(&mark).Error; err != nil {
			return err
		}
		var ids []string
		if err := db.Raw("SELECT id FROM devices WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?", tenant, mark, pageSize).Scan(&ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		last := ids[len(ids)-1]
		err := db.Transaction(func(tx *gorm.DB) error {
			if err := tx.Exec(`INSERT INTO device_watch (device_id, tenant_id, due_at) SELECT id, tenant_id, 0 FROM devices
WHERE tenant_id = ? AND id > ? AND id <= ? AND removed_at IS NULL ON CONFLICT DO NOTHING`, tenant, mark, last).Error; err != nil {
				return err
			}
			return tx.Exec("INSERT INTO watch_marks (tenant_id, upto) VALUES (?, ?) ON CONFLICT (tenant_id) DO UPDATE SET upto = excluded.upto", tenant, last).Error
		})
		if err != nil || len(ids) < pageSize {
			return err
		}
	}
	return nil
}
