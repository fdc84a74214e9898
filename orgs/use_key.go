package orgs

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// TakeUse counts one new device on a key, in the transaction that boards it. It
// fails with ErrKeyClosed when the key takes none any more: the row decides,
// not what was found before.
func (s *Service) TakeUse(tx *gorm.DB, k Key) error {
	now := iam.Micros(s.Now())
	res := tx.Exec(`UPDATE registration_keys SET uses = uses + 1 WHERE id = ?
AND (state = 'active' OR state = 'retiring' AND retires_at > ?) AND (max_uses IS NULL OR uses < max_uses)
AND (not_before IS NULL OR not_before <= ?) AND (expires_at IS NULL OR expires_at > ?)`, string(k.ID), now, now, now)
	if res.Error != nil {
		return fmt.Errorf("take a use of %s: %w", k.ID, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrKeyClosed
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
