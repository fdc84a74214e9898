package vault

import (
	"context"
	"errors"

	"gorm.io/gorm"
)

// Kept tells whether the keyset file, as it lies there now, would open what the
// database holds at the next start: what went wrong with the file, or ErrForeign.
func (v *Vault) Kept(ctx context.Context, db *gorm.DB) error {
	k, err := load(v.file)
	if err != nil {
		return err
	}
	var row tenantKey
	err = db.WithContext(ctx).Order("tenant_id DESC").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := k.aead.Decrypt(row.KeySealed, lockName(row.TenantID)); err != nil {
		return ErrForeign
	}
	return nil
}
