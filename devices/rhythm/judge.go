package rhythm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/policies"
)

// A turn is a device whose turn it is.
type turn struct {
	DeviceID    iam.DeviceID
	DueAt       int64 // 0: it is looked at for the first time
	SilentSince *int64
}

func (w *Watch) look(ctx context.Context, db *gorm.DB) (n int, err error) {
	var due []turn
	if err := db.Raw("SELECT device_id, due_at, silent_since FROM device_watch WHERE due_at <= ? ORDER BY due_at LIMIT ?", w.now(), pageSize).Scan(&due).Error; err != nil {
		return 0, err
	}
	ids := make([]iam.DeviceID, len(due))
	for i, t := range due {
		ids[i] = t.DeviceID
	}
	var list []devices.Device
	if err := db.Where("id IN ?", ids).Find(&list).Error; err != nil {
		return 0, err
	}
	of, numbers := map[iam.DeviceID]devices.Device{}, make([]string, 0, len(list))
	for _, d := range list {
		of[d.ID], numbers = d, append(numbers, d.Channel)
	}
	heard, err := w.Devices.HeardOf(ctx, numbers)
	if err != nil {
		return 0, err
	}
	for _, t := range due {
		d := of[t.DeviceID]
		if failed := w.judge(ctx, db, t, d, heard[d.Channel]); failed != nil { // the others are due as well
			later := db.Exec("UPDATE device_watch SET due_at = ? WHERE device_id = ?", iam.Micros(w.Devices.Now().Add(soonest)), string(t.DeviceID)).Error
			err = errors.Join(err, fmt.Errorf("judge %s: %w", t.DeviceID, failed), later)
		}
	}
	return len(due), err
}

// judge says what a device is now and when it is looked at again. One that was
// silent before anybody asked is told of when it is heard again, and not now. While
// a service outside shows nothing, its devices are what they were when it last did.
func (w *Watch) judge(ctx context.Context, db *gorm.DB, t turn, d devices.Device, h devices.Heard) error {
	now, heard, rhythm := w.Devices.Now(), h.Heard, h.Interval
	if d.ID == "" || d.RemovedAt != nil {
		return db.Exec("DELETE FROM device_watch WHERE device_id = ?", string(t.DeviceID)).Error
	}
	was := t.SilentSince != nil
	switch devices.PresenceOf(d.State, heard, rhythm, h.AsOf) {
	case devices.Silent:
		from := devices.SilentFrom(heard, rhythm)
		next := now.Add(min(longest, max(soonest, now.Sub(from)/10)))
		return w.note(ctx, db, t, d, next, from, !was && t.DueAt != 0, DeviceSilent)
	case devices.Live, devices.Late:
		next := devices.SilentFrom(heard, rhythm).Add(time.Second)
		if earliest := now.Add(soonest); next.Before(earliest) {
			next = earliest
		}
		return w.note(ctx, db, t, d, next, time.Time{}, was, DeviceBack)
	}
	return w.note(ctx, db, t, d, now.Add(idle), time.Time{}, false, "")
}

// note writes down how it is and tells what changed, in one transaction: should
// another replica have been faster, nothing is told twice.
func (w *Watch) note(ctx context.Context, db *gorm.DB, t turn, d devices.Device, next, silent time.Time, tell bool, kind string) error {
	var since *int64
	if !silent.IsZero() {
		us := iam.Micros(silent)
		since = &us
	}
	err := db.Transaction(func(tx *gorm.DB) error {
		res := tx.Exec("UPDATE device_watch SET due_at = ?, silent_since = ? WHERE device_id = ? AND due_at = ?", iam.Micros(next), since, string(d.ID), t.DueAt)
		if tell = tell && res.RowsAffected > 0; res.Error != nil || !tell {
			return res.Error
		}
		return w.tell(ctx, tx, d, kind)
	})
	if err == nil && tell {
		w.Devices.Changed(d)
	}
	return err
}

func (w *Watch) tell(ctx context.Context, tx *gorm.DB, d devices.Device, kind string) error {
	users, err := w.listeners(ctx, tx, d)
	if err != nil {
		return err
	}
	if err := w.Post.Tell(ctx, tx, users, kind, notify.Data{"Name": d.Name, notify.Path: "/devices/" + string(d.ID)}); err != nil {
		return err
	}
	hooks, err := w.Hooks.Above(tx, string(d.Org))
	if err != nil {
		return err
	}
	for _, h := range hooks { // each is as good as its maker's right, so a private place stays one
		if !w.Devices.Decider.MayUser(ctx, iam.UserID(h.By), policies.ReadDevice, d.Org, d.ID) {
			continue
		}
		err := w.Hooks.Put(tx, h.ID, kind, map[string]any{"organisation": d.Org,
			"device": map[string]any{"id": d.ID, "name": d.Name, "serial": d.Serial, "channel": d.Channel}})
		if err != nil {
			return err
		}
	}
	return nil
}
