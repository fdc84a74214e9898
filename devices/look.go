package devices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/migrations"
)

// known is what the database has about a serial. The device is there when its
// ID is; provider serves its channel.
type known struct {
	Device
	provider   connectors.Provider
	used       bool
	questionID iam.JoinID
}

func (k known) aboard() bool { return k.ID != "" }

// unused tells of a boarding at the simple door that is over because nobody
// used it in time.
func (k known) unused(now time.Time) bool {
	return k.aboard() && k.State == Active && k.Device.Door == Simple && !k.used && now.Sub(iam.Time(k.BoardedAt)) >= unusedLife
}

// One statement reads all there is about a serial, inside the key's tenant
// only: the device that is aboard, the question that was asked, the listing on
// the key, the tombstones. It is a union because SQLite runs that in 3 µs and a
// join of the same tables, which it plans anew for other parameters, in 80.
var lookAtSerial = migrations.SQL(`SELECT 'device', id, org_id, state, door, COALESCE(key_id, ''), kid, secret_sealed, waiting_kid, waiting_sealed, connector_id, channel_id,
 version, boarded_at, sealed_at, boardings FROM devices WHERE tenant_id = ? AND serial = ? AND removed_at IS NULL
UNION ALL SELECT 'question', id, '', state, door, key_id, '', NULL, NULL, NULL, '', '', 0, asked_at, COALESCE(decided_at, 0), 0
 FROM join_requests WHERE tenant_id = ? AND serial = ?
UNION ALL SELECT 'listed', '', '', '', '', '', '', NULL, NULL, NULL, '', '', 0, listed_at, 0, 0 FROM listed_serials WHERE key_id = ? AND serial = ?
UNION ALL SELECT 'removed', '', '', '', '', '', '', NULL, NULL, NULL, '', '', 0, removed_at, 0, 0
 FROM devices WHERE tenant_id = ? AND serial = ? AND removed_at IS NOT NULL`)

// look gathers the facts about the call's serial.
func (s *Service) look(ctx context.Context, tx *gorm.DB, c Call, k held) (known, facts, error) {
	now := s.Now()
	f := facts{now: now, door: c.Door, boarding: string(k.Boarding), reboarding: string(k.Reboarding), closed: !k.TakesNew(now)}
	d := known{Device: Device{Tenant: k.Tenant, Serial: string(c.Serial)}}
	serial, tenant := string(c.Serial), string(k.Tenant)
	rows, err := lookAtSerial.Rows(ctx, tx, tenant, serial, tenant, serial, string(k.ID), serial, tenant, serial)
	if err != nil {
		return d, f, fmt.Errorf("look at %s: %w", serial, err)
	}
	defer rows.Close()
	var question Device
	for rows.Next() {
		var what string
		var r Device
		err := rows.Scan(&what, &r.ID, &r.Org, &r.State, &r.Door, &r.Key, &r.Kid, &r.SecretSealed, &r.WaitingKid, &r.WaitingSealed, &r.Connector, &r.Channel,
			&r.Version, &r.BoardedAt, &r.SealedAt, &r.Boardings)
		if err != nil {
			return d, f, fmt.Errorf("look at %s: %w", serial, err)
		}
		switch at := iam.Time(r.BoardedAt); what {
		case "device":
			r.Tenant, r.Serial = d.Tenant, d.Serial
			d.Device, f.aboard = r, true
		case "question":
			question = r
			f.question = questionFacts{state: string(r.State), door: r.Door, asked: at, decided: iam.Time(r.SealedAt)}
		case "listed":
			f.listed = at
		case "removed":
			if at.After(f.removed) {
				f.removed = at
			}
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return d, f, fmt.Errorf("look at %s: %w", serial, err)
	}
	if d.questionID = iam.JoinID(question.ID); d.questionID != "" {
		if f.question.sameKey, err = s.sameKey(tx, question.Key, k); err != nil {
			return d, f, err
		}
	}
	if f.aboard {
		err = s.lookAboard(ctx, tx, &d, &f, k)
	}
	return d, f, err
}

var liesWithin = migrations.SQL(`SELECT COUNT(*) FROM org_closure WHERE ancestor = ? AND descendant = ?`)

// lookAboard adds what only matters once there is a device.
func (s *Service) lookAboard(ctx context.Context, tx *gorm.DB, d *known, f *facts, k held) (err error) {
	within := 0
	if err := liesWithin.Row(ctx, tx, string(k.Org), string(d.Org)).Scan(&within); err != nil {
		return err
	}
	f.device = deviceFacts{suspended: d.State == Suspended, waits: d.State == Provisioning || d.State == Lost, door: d.Device.Door, within: within > 0,
		first: d.Boardings == 1, sealed: iam.Time(d.SealedAt)}
	if f.device.sameKey, err = s.sameKey(tx, d.Key, k); err != nil {
		return err
	}
	if d.provider, err = s.providerOf(ctx, tx, d.Connector); err != nil {
		return err
	}
	d.used, err = d.provider.WriteKeyUsed(ctx, tx, d.Channel)
	f.device.used = d.used
	if f.device.door == Simple && !d.used && d.Key == k.ID {
		k.Uses-- // what gives way gives its use back, so it cannot use up the key for the real device
		f.closed = !k.TakesNew(f.now)
	}
	return err
}

// sameKey tells whether a deed of earlier counts as one of the key that k is.
func (s *Service) sameKey(tx *gorm.DB, earlier iam.KeyID, k held) (bool, error) {
	if earlier == k.ID {
		return true, nil
	}
	return s.Orgs.KeyIsOrReplaced(tx, earlier, k.ID)
}
