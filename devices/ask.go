package devices

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// What became of a question. A boarded one stays for the hour in which its
// answer may be lost.
const (
	waiting  = "waiting"
	accepted = "accepted"
	declined = "declined"
	boarded  = "boarded"
)

// A question is open once for a serial; a new request refreshes it. What came
// by the simple door does not overwrite what the proved door asks, and neither
// overwrites the owner's word, but that his yes was for another key: then who
// proves that he holds this one would wait and nobody would be asked.
var putQuestion = migrations.SQL(`INSERT INTO join_requests (tenant_id, serial, id, key_id, org_id, device_id, door, address, model, state, first_at, asked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)
ON CONFLICT (tenant_id, serial) DO UPDATE SET key_id = excluded.key_id, org_id = excluded.org_id, device_id = excluded.device_id,
 door = excluded.door, address = excluded.address, model = excluded.model, state = 'waiting', asked_at = excluded.asked_at,
 decided_at = NULL, decided_by = NULL,
 id = CASE WHEN join_requests.state = 'waiting' AND join_requests.asked_at > ? THEN join_requests.id ELSE excluded.id END,
 first_at = CASE WHEN join_requests.state = 'waiting' AND join_requests.asked_at > ? THEN join_requests.first_at ELSE excluded.first_at END
WHERE join_requests.state = 'boarded'
 OR join_requests.state = 'waiting' AND (join_requests.door = 'simple' OR excluded.door = 'proved' OR join_requests.asked_at <= ?)
 OR join_requests.state = 'accepted' AND (join_requests.decided_at <= ? OR join_requests.decided_at <= ?
  OR excluded.door = 'proved' AND join_requests.key_id <> excluded.key_id)
RETURNING id`)

// The doors are counted apart: whoever has heard a first half can name serials
// at the simple door, and must not fill the room of those who hold the key.
var countStrangers = migrations.SQL(`SELECT COUNT(*) FROM (SELECT 1 FROM join_requests
WHERE key_id = ? AND state = 'waiting' AND door = ? AND device_id IS NULL AND asked_at > ? AND serial <> ? LIMIT ?) strangers`)

// ask puts the question whether this serial may come aboard, or asks again.
func (s *Service) ask(ctx context.Context, c Call, k held, d known, f facts) error {
	now := s.micros()
	lapsed := now - question.Microseconds()
	org, device := k.Org, (*string)(nil)
	if d.aboard() {
		org, device = d.Org, (*string)(&d.ID)
	}
	id := iam.NewID()
	model, _ := c.model()
	asked := ""
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if !d.aboard() {
			if err := s.roomForStranger(ctx, tx, k.ID, c, lapsed); err != nil {
				return err
			}
		}
		err := putQuestion.Row(ctx, tx, string(k.Tenant), string(c.Serial), id, string(k.ID), string(org), device, string(c.Door), c.Address.String(), model,
			now, now, lapsed, lapsed, lapsed, now-acceptance.Microseconds(), microsOrZero(f.removed)).Scan(&asked)
		if errors.Is(err, dbsql.ErrNoRows) {
			return nil // a better question, or the owner's word, stands
		}
		if err != nil || asked != id {
			return err
		}
		return audit.Record(ctx, tx, "device.ask", audit.Object{Tenant: string(k.Tenant), Org: string(org), Type: "join-request", ID: id},
			audit.Detail{"serial": c.Serial, "door": c.Door, "key": k.ID})
	})
	if err != nil {
		return fmt.Errorf("ask for %s: %w", c.Serial, err)
	}
	if asked != "" {
		s.publish(live.Join, k.Tenant, org, asked)
	}
	return nil
}

func (s *Service) roomForStranger(ctx context.Context, tx *gorm.DB, key iam.KeyID, c Call, lapsed int64) error {
	most := s.bounds().Strangers
	var n int
	if err := countStrangers.Row(ctx, tx, string(key), string(c.Door), lapsed, string(c.Serial), most).Scan(&n); err != nil {
		return err
	}
	if n >= most {
		return ErrTooMany.Retry(longest)
	}
	return nil
}

var boardedQuestion = migrations.SQL(`UPDATE join_requests SET state = 'boarded', door = ? WHERE tenant_id = ? AND serial = ?
 AND state IN ('waiting', 'accepted')`)

// closeQuestion ends what was open about the serial once it is aboard.
func closeQuestion(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, c Call) error {
	_, err := boardedQuestion.Exec(ctx, tx, string(c.Door), string(tenant), string(c.Serial))
	return err
}

// one expects that a statement changed one row; none means that the facts changed.
func one(res dbsql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errRaced)
	}
	return nil
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return iam.Micros(t)
}
