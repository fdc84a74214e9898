package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// tenantKey is a tenant's data key, locked by the keyset.
type tenantKey struct {
	TenantID  string `gorm:"primaryKey"`
	KeySealed []byte
	CreatedAt int64 `gorm:"autoCreateTime:false"` // Unix microseconds
}

func (tenantKey) TableName() string { return "tenant_keys" }

// maxTenants bounds the opened keys in memory: about 1 KB each.
const maxTenants = 4096

// tenants are the opened keys. A key made in a transaction is fresh until it
// is seen from outside of one: kept earlier, it would outlive a rollback, and
// what it sealed would be lost.
type tenants struct {
	mu    sync.RWMutex
	open  map[string]cipher.AEAD
	fresh map[string]struct{}
}

func (t *tenants) get(tenant string) cipher.AEAD {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.open[tenant]
}

func (t *tenants) put(tenant string, key cipher.AEAD, inTx bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, fresh := t.fresh[tenant]; fresh && inTx {
		return
	}
	delete(t.fresh, tenant)
	if t.open == nil {
		t.open = make(map[string]cipher.AEAD)
	}
	for other := range t.open {
		if len(t.open) < maxTenants {
			break
		}
		delete(t.open, other)
	}
	t.open[tenant] = key
}

func (t *tenants) made(tenant string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fresh == nil {
		t.fresh = make(map[string]struct{})
	}
	t.fresh[tenant] = struct{}{}
}

// key finds the tenant's key, and makes it when there is none and create says so.
func (v *Vault) key(db *gorm.DB, tenant string, create bool) (cipher.AEAD, error) {
	if k := v.tenants.get(tenant); k != nil {
		return k, nil
	}
	row, err := find(db, tenant)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		if !create {
			return nil, ErrShut
		}
		row, err = v.create(db, tenant)
	}
	if err != nil {
		return nil, fmt.Errorf("tenant key: %w", err)
	}
	k, err := v.unlock(row)
	if err != nil {
		return nil, err
	}
	_, inTx := db.Statement.ConnPool.(gorm.TxCommitter)
	v.tenants.put(tenant, k, inTx)
	return k, nil
}

func find(db *gorm.DB, tenant string) (row tenantKey, err error) {
	err = db.Session(&gorm.Session{NewDB: true}).Where("tenant_id = ?", tenant).Take(&row).Error
	return row, err
}

// create makes the key, or finds the one that another replica made meanwhile.
func (v *Vault) create(db *gorm.DB, tenant string) (row tenantKey, err error) {
	v.tenants.made(tenant)
	raw := make([]byte, 32)
	rand.Read(raw)
	sealed, err := v.keys.Load().aead.Encrypt(raw, lockName(tenant))
	if err != nil {
		return row, err
	}
	row = tenantKey{TenantID: tenant, KeySealed: sealed, CreatedAt: time.Now().UnixMicro()}
	err = db.Session(&gorm.Session{NewDB: true}).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	if err != nil {
		return row, err
	}
	return find(db, tenant)
}

// unlock opens a tenant's key. When the keyset does not, it looks whether
// another replica has rotated the file meanwhile.
func (v *Vault) unlock(row tenantKey) (cipher.AEAD, error) {
	raw, err := v.keys.Load().aead.Decrypt(row.KeySealed, lockName(row.TenantID))
	if err != nil {
		k, readErr := load(v.file)
		if readErr != nil {
			return nil, readErr
		}
		if raw, err = k.aead.Decrypt(row.KeySealed, lockName(row.TenantID)); err != nil {
			return nil, ErrShut
		}
		v.keys.Store(k)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func lockName(tenant string) []byte { return []byte("tenant-key|" + tenant) }

// Rewrap locks every tenant's key with the newest key of the keyset, a
// thousand at a time. What the tenants sealed stays as it is.
func (v *Vault) Rewrap(ctx context.Context, db *gorm.DB) error {
	last := ""
	for {
		var rows []tenantKey
		if err := db.WithContext(ctx).Where("tenant_id > ?", last).Order("tenant_id").Limit(1000).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			for _, row := range rows {
				if err := v.rewrap(tx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("rewrap tenant keys: %w", err)
		}
		last = rows[len(rows)-1].TenantID
	}
}

func (v *Vault) rewrap(tx *gorm.DB, row tenantKey) error {
	if _, err := v.unlock(row); err != nil { // also fetches a newer keyset file
		return err
	}
	lock := v.keys.Load().aead
	raw, err := lock.Decrypt(row.KeySealed, lockName(row.TenantID))
	if err != nil {
		return err
	}
	sealed, err := lock.Encrypt(raw, lockName(row.TenantID))
	if err != nil {
		return err
	}
	return tx.Model(&tenantKey{}).Where("tenant_id = ?", row.TenantID).Update("key_sealed", sealed).Error
}
