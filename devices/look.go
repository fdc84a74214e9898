package devices

import (
	"context"
	"fmt"
	"time"

	"halfkey/connectors"
	"halfkey/iam"
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

// One statement reads all there is about a serial, so that every answer costs
// the same. A serial is looked for inside the key's tenant only.
var lookAtSerial = sql(`SELECT COALESCE(d.id, ''), COALESCE(d.org_id, ''), COALESCE(d.state, ''), COALESCE(d.door, ''), COALESCE(d.key_id, ''),
 COALESCE(d.kid, ''), d.secret_sealed, d.waiting_kid, d.waiting_sealed, COALESCE(d.connector_id, ''), COALESCE(d.channel_id, ''),
 COALESCE(d.version, 0), COALESCE(d.boarded_at, 0), COALESCE(d.sealed_at, 0), COALESCE(d.boardings, 0), COALESCE(c.depth, -1),
 COALESCE(j.id, ''), COALESCE(j.key_id, ''), COALESCE(j.door, ''), COALESCE(j.state, ''), COALESCE(j.asked_at, 0), COALESCE(j.decided_at, 0),
 COALESCE(l.listed_at, 0),
 COALESCE((SELECT MAX(t.removed_at) FROM devices t WHERE t.tenant_id = k.tenant_id AND t.serial = ? AND t.removed_at IS NOT NULL), 0)
FROM registration_keys k
LEFT JOIN devices d ON d.tenant_id = k.tenant_id AND d.serial = ? AND d.removed_at IS NULL
LEFT JOIN org_closure c ON c.ancestor = k.org_id AND c.descendant = d.org_id
LEFT JOIN join_requests j ON j.tenant_id = k.tenant_id AND j.serial = ?
LEFT JOIN listed_serials l ON l.key_id = k.id AND l.serial = ?
WHERE k.id = ?`)

// look gathers the facts about the call's serial.
func (s *Service) look(ctx context.Context, c Call, k held) (known, facts, error) {
	now := s.Now()
	f := facts{now: now, door: c.Door, boarding: string(k.Boarding), reboarding: string(k.Reboarding), closed: !k.TakesNew(now)}
	d := known{Device: Device{Tenant: k.Tenant, Serial: string(c.Serial)}}
	var depth, asked, decided, listed, removed int64
	var questionKey string

	serial := string(c.Serial)
	pool, q := lookAtSerial.on(s.DB)
	err := pool.QueryRowContext(ctx, q, serial, serial, serial, serial, string(k.ID)).Scan(
		&d.ID, &d.Org, &d.State, &d.Device.Door, &d.Key,
		&d.Kid, &d.SecretSealed, &d.WaitingKid, &d.WaitingSealed, &d.Connector, &d.Channel,
		&d.Version, &d.BoardedAt, &d.SealedAt, &d.Boardings, &depth,
		&d.questionID, &questionKey, &f.question.door, &f.question.state, &asked, &decided,
		&listed, &removed)
	if err != nil {
		return d, f, fmt.Errorf("look at %s: %w", serial, err)
	}
	f.aboard = d.aboard()
	f.removed, f.listed = moment(removed), moment(listed)
	f.question.asked, f.question.decided = moment(asked), moment(decided)
	if f.question.state != "" {
		if f.question.sameKey, err = s.sameKey(ctx, iam.KeyID(questionKey), k); err != nil {
			return d, f, err
		}
	}
	if f.aboard {
		f.device = deviceFacts{suspended: d.State == Suspended, door: d.Device.Door, within: depth >= 0,
			first: d.Boardings == 1, sealed: moment(d.SealedAt)}
		err = s.lookAboard(ctx, &d, &f, k)
	}
	return d, f, err
}

// lookAboard adds what only matters once there is a device.
func (s *Service) lookAboard(ctx context.Context, d *known, f *facts, k held) (err error) {
	if f.device.sameKey, err = s.sameKey(ctx, d.Key, k); err != nil {
		return err
	}
	if _, d.provider, err = s.Connectors.Get(ctx, s.DB, d.Connector); err != nil {
		return err
	}
	if d.used, err = d.provider.WriteKeyUsed(ctx, s.DB, d.Channel); err != nil {
		return err
	}
	f.device.used = d.used
	return nil
}

// sameKey tells whether a deed of earlier counts as one of the key that k is.
func (s *Service) sameKey(ctx context.Context, earlier iam.KeyID, k held) (bool, error) {
	if earlier == k.ID {
		return true, nil
	}
	return s.Orgs.KeyIsOrReplaced(s.DB.WithContext(ctx), earlier, k.ID)
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return iam.Time(us)
}
