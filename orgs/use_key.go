package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/migrations"
)

var (
	takeUse = migrations.SQL(`UPDATE registration_keys SET uses = uses + 1 WHERE id = ?
AND (state = 'active' OR state = 'retiring' AND retires_at > ?) AND (max_uses IS NULL OR uses < max_uses)
AND (not_before IS NULL OR not_before <= ?) AND (expires_at IS NULL OR expires_at > ?)`)
	takeGranted = migrations.SQL(`UPDATE registration_keys SET uses = uses + 1 WHERE id = ? AND (state = 'active' OR state = 'retiring' AND retires_at > ?)`)
)

// TakeUse counts one new device on a key, in the transaction that boards it. It
// fails with ErrKeyClosed when the key takes none any more: the row decides,
// not what was found before. A device that the owner has accepted is granted its
// use as long as the key is not revoked.
func (s *Service) TakeUse(ctx context.Context, tx *gorm.DB, k Key, granted bool) error {
	now := iam.Micros(s.Now())
	st, args := takeUse, []any{string(k.ID), now, now, now}
	if granted {
		st, args = takeGranted, args[:2]
	}
	res, err := st.Exec(ctx, tx, args...)
	if err != nil {
		return fmt.Errorf("take a use of %s: %w", k.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrKeyClosed, err)
	}
	return nil
}

// GiveUseBack undoes TakeUse, for a boarding that was dropped unused.
func (s *Service) GiveUseBack(tx *gorm.DB, id iam.KeyID) error {
	if err := tx.Exec("UPDATE registration_keys SET uses = uses - 1 WHERE id = ? AND uses > 0", string(id)).Error; err != nil {
		return fmt.Errorf("give a use of %s back: %w", id, err)
	}
	return nil
}

// chainMost bounds how many replacements are followed.
const chainMost = 64

// KeyIsOrReplaced reports whether the key now used is the one that boarded a
// device, or one that replaced it, at whatever remove.
func (s *Service) KeyIsOrReplaced(tx *gorm.DB, boarded, now iam.KeyID) (bool, error) {
	for range chainMost {
		if now == boarded {
			return true, nil
		}
		var before *string
		err := tx.Raw("SELECT replaces_id FROM registration_keys WHERE id = ?", string(now)).Scan(&before).Error
		if err != nil {
			return false, fmt.Errorf("follow the replacements of %s: %w", now, err)
		}
		if before == nil {
			return false, nil
		}
		now = iam.KeyID(*before)
	}
	return false, nil
}
