package orgs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// retiring is how long a replaced key works beside the new one.
const retiring = 7 * 24 * time.Hour

// ReplaceKey makes a new key in the place of an active one, alike in all but its
// halves, with the serials that were listed. The old one works as before for seven days. It fails with ErrKeyEnded.
func (s *Service) ReplaceKey(ctx context.Context, id iam.KeyID) (Key, error) {
	row, err := s.keyFor(ctx, id, policies.ManageRegistrationKey)
	if err != nil {
		return Key{}, err
	}
	var k Key
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		k, err = s.replace(ctx, tx, row, audit.Detail{"replaces": string(id)})
		return err
	})
	if err != nil {
		return Key{}, fmt.Errorf("replace registration key %s: %w", id, err)
	}
	s.tell(live.Key, k.Tenant, k.Org, string(k.ID))
	return k, nil
}

// replace is ReplaceKey in a transaction, with its line in the trail.
func (s *Service) replace(ctx context.Context, tx *gorm.DB, row keyRow, d audit.Detail) (Key, error) {
	now := s.Now()
	k := row.key()
	k.Replaces, k.Uses, k.NotBefore, k.CreatedBy = k.ID, 0, time.Time{}, asking(ctx)
	if !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now) {
		k.ExpiresAt = time.Time{}
	}
	if k.Form == Classic {
		k.ExpiresAt = now.Add(classicLife)
	}
	if err := s.end(tx, "UPDATE registration_keys SET state = ?, retires_at = ? WHERE id = ? AND state = 'active'",
		string(KeyRetiring), iam.Micros(now.Add(retiring)), row.ID); err != nil {
		return Key{}, err
	}
	k, err := s.newKey(tx, k)
	if err != nil {
		return Key{}, err
	}
	// Who was listed and has not called yet will call with the new key.
	if err := tx.Exec(`INSERT INTO listed_serials (key_id, serial, listed_at, listed_by)
SELECT ?, serial, listed_at, listed_by FROM listed_serials WHERE key_id = ?`, string(k.ID), row.ID).Error; err != nil {
		return Key{}, err
	}
	return k, s.recordKey(ctx, tx, "key.replace", k, d)
}

// replaceIn is replace for a key that a deed has made unsafe.
func (s *Service) replaceIn(ctx context.Context, tx *gorm.DB, id iam.KeyID, d audit.Detail) error {
	var row keyRow
	if err := tx.Where("id = ?", string(id)).Take(&row).Error; err != nil {
		return fmt.Errorf("find registration key %s: %w", id, err)
	}
	d["replaces"] = string(id)
	_, err := s.replace(ctx, tx, row, d)
	return err
}

// RevokeKey ends a key at once, for everything and for ever. It fails with
// ErrKeyEnded when that was done before.
func (s *Service) RevokeKey(ctx context.Context, id iam.KeyID) error {
	return s.change(ctx, id, "key.revoke", nil,
		"UPDATE registration_keys SET state = ? WHERE id = ? AND state <> 'revoked'", string(KeyRevoked), string(id))
}

// RetireKeyAt cuts short or extends the time for which a replaced key still works.
func (s *Service) RetireKeyAt(ctx context.Context, id iam.KeyID, at time.Time) error {
	return s.change(ctx, id, "key.retire", audit.Detail{"at": iam.Micros(at)},
		"UPDATE registration_keys SET retires_at = ? WHERE id = ? AND state = 'retiring'", iam.Micros(at), string(id))
}

func (s *Service) change(ctx context.Context, id iam.KeyID, verb string, d audit.Detail, update string, args ...any) error {
	row, err := s.keyFor(ctx, id, policies.ManageRegistrationKey)
	if err != nil {
		return err
	}
	k := row.key()
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.end(tx, update, args...); err != nil {
			return err
		}
		return s.recordKey(ctx, tx, verb, k, d)
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, id, err)
	}
	s.tell(live.Key, k.Tenant, k.Org, string(id))
	return nil
}

// end changes a key's state so that every replica sees it within the second.
func (s *Service) end(tx *gorm.DB, update string, args ...any) error {
	if err := s.Decider.Bump(tx); err != nil {
		return err
	}
	res := tx.Exec(update, args...)
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrKeyEnded
	}
	return res.Error
}
