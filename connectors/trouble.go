package connectors

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
)

const (
	firstWait  = 5 * time.Second
	longestGap = 6 * time.Hour   // for one channel
	longestOff = 5 * time.Minute // for a whole service: one call tells whether it is back
	manyFails  = 3               // in a row open the circuit
)

// wait is how long to leave something alone after so many tries: twice as long
// each time, up to the longest, and never at the same moment as everything else.
func wait(tries int64, longest time.Duration) time.Duration {
	w := longest
	if tries < 13 {
		w = min(firstWait<<max(tries, 0), longest)
	}
	return w/2 + rand.N(w/2+1)
}

// trouble notes what a connector's call failed with. A refused account stops the
// connector until a person has seen to it; for the rest it is left alone for a
// while, the longer the more often it failed.
func (d *Desk) trouble(ctx context.Context, a *account, failed error) error {
	cause := causeOf(failed)
	now := iam.Micros(d.Now())
	a.Fails++
	retry := int64(0)
	if cause == ErrPace || a.Fails >= manyFails || a.Listed == nil {
		retry = now + wait(a.Fails, longestOff).Microseconds()
	}
	d.Log.Warn("connectors: a service outside does not do what it is asked", "connector", a.ID, "cause", cause, "fails", a.Fails, "error", failed)
	if cause == ErrAccount && a.Trouble != cause.Error() {
		return d.db(ctx).Transaction(func(tx *gorm.DB) error {
			if err := tx.Exec(`UPDATE connectors SET trouble = ?, trouble_at = ?, fails = ? WHERE id = ?`, cause.Error(), now, a.Fails, a.ID).Error; err != nil {
				return err
			}
			return audit.Record(ctx, tx, "connector.refused", a.object(), nil)
		})
	}
	return d.db(ctx).Exec(`UPDATE connectors SET trouble = ?, trouble_at = COALESCE(CASE WHEN trouble = ? THEN trouble_at END, ?), fails = ?, retry_at = ? WHERE id = ?`,
		cause.Error(), cause.Error(), now, a.Fails, retry, a.ID).Error
}

// well notes that a service answers, and how many channels it has.
func (d *Desk) well(ctx context.Context, a *account, channels int) error {
	n := int64(channels)
	a.Listed = &n
	if a.Fails == 0 && (a.Trouble == "" || Withheld(a.Trouble)) { // the sweep judges that
		return d.db(ctx).Exec(`UPDATE connectors SET listed = ? WHERE id = ?`, n, a.ID).Error
	}
	a.Fails, a.Trouble = 0, ""
	return d.db(ctx).Exec(`UPDATE connectors SET trouble = '', trouble_at = NULL, fails = 0, retry_at = 0, listed = ? WHERE id = ?`, n, a.ID).Error
}

// stuck notes what one projection's step failed with; more tells whether to go on
// with the next. What is refused for good is tried again all the same, rarely:
// a person may have made room.
func (d *Desk) stuck(ctx context.Context, a *account, p *Projection, pending string, failed error) (more bool, err error) {
	cause := causeOf(failed)
	now := iam.Micros(d.Now())
	due := now + wait(p.Tries, longestGap).Microseconds()
	if pending == toLook {
		due = now + lookAfter.Microseconds()
	}
	asked := p.Asked
	if pending == toCreate {
		asked = nil
	}
	res := d.db(ctx).Exec(`UPDATE projections SET pending = CASE WHEN state = 'closing' THEN 'close' ELSE ? END, tries = tries + 1, due_at = ?, asked_at = ?, error = ?, error_at = ? WHERE id = ? AND pending IN (?, 'close')`,
		pending, due, asked, cause.Error(), now, p.ID, p.Pending)
	if res.Error != nil {
		return false, fmt.Errorf("note a failure: %w", res.Error)
	}
	switch {
	case errors.Is(cause, ErrAccount), errors.Is(cause, ErrPace):
		return false, d.trouble(ctx, a, failed)
	case errors.Is(cause, ErrUnsure):
		if err := d.trouble(ctx, a, failed); err != nil {
			return false, err
		}
		return a.Fails < manyFails, nil
	}
	return true, nil
}

// limit is how many channels the account may have; 0 is no limit.
func (a *account) limit() int {
	n, _ := strconv.Atoi(a.access.Settings["channels"])
	return n
}
