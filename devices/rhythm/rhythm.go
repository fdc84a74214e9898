// Package rhythm notices when a device falls silent, or is heard again, and has
// those told who want to know: people who asked for it, and webhooks. Only
// devices that somebody wants to hear about are looked at, each when its own
// rhythm says, and so many in one run at most. It knows no words and no pages.
package rhythm

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/policies"
)

// What is told.
const (
	DeviceSilent = "device-silent"
	DeviceBack   = "device-back"
)

// Watch looks after devices. Post and Hooks may be nil.
type Watch struct {
	Devices *devices.Service
	Post    *notify.Service
	Hooks   *notify.Hooks
}

// How much one run does, and when a device is looked at again.
const (
	pageSize  = 500
	pagesMost = 20
	soonest   = time.Minute
	idle      = 10 * time.Minute // one that is paused or has sent nothing yet
	longest   = time.Hour        // one that is silent
)

// Wish notes whether a person wants to be told.
func (w *Watch) Wish(ctx context.Context, user iam.UserID, wants bool) error {
	db := w.Devices.DB.WithContext(ctx)
	q := db.Exec("DELETE FROM silence_wishes WHERE user_id = ?", string(user))
	if wants {
		q = db.Exec("INSERT INTO silence_wishes (user_id, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING", string(user), w.now())
	}
	if q.Error != nil {
		return fmt.Errorf("note who wants to hear of silence: %w", q.Error)
	}
	return nil
}

// Wishes reports whether a person wants to be told.
func (w *Watch) Wishes(ctx context.Context, user iam.UserID) (bool, error) {
	var n int64
	err := w.Devices.DB.WithContext(ctx).Raw("SELECT COUNT(*) FROM silence_wishes WHERE user_id = ?", string(user)).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("read who wants to hear of silence: %w", err)
	}
	return n > 0, nil
}

func (w *Watch) now() int64 { return iam.Micros(w.Devices.Now()) }

// listeners are the people who asked and may read the device.
func (w *Watch) listeners(ctx context.Context, tx *gorm.DB, d devices.Device) (users []string, err error) {
	var asked []iam.UserID
	err = tx.Raw(`SELECT DISTINCT w.user_id FROM orgs o CROSS JOIN assignments a CROSS JOIN silence_wishes w
WHERE o.tenant_id = ? AND a.org_id = o.id AND a.ended_at IS NULL AND w.user_id = a.subject_id`, string(d.Tenant)).Scan(&asked).Error
	for _, u := range asked {
		if w.Devices.Decider.MayUser(ctx, u, policies.ReadDevice, d.Org, d.ID) {
			users = append(users, string(u))
		}
	}
	return users, err
}
