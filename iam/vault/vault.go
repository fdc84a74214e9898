// Package vault keeps secrets: it seals what is stored, with a key for each
// tenant, which is itself sealed by a keyset that lies outside the database.
// What it seals opens only in the cell that it was sealed for. It knows no
// tables but its own, tenant_keys.
package vault

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"
)

// ErrShut means that something sealed does not open: it was changed, copied
// from another cell, or sealed with another keyset.
var ErrShut = errors.New("vault: does not open")

// ErrForeign means that the keyset file belongs to another database.
var ErrForeign = errors.New("vault: this keyset does not open this database; restore the keyset file that belongs to it")

// Vault seals and opens. It is safe for use by many at once.
type Vault struct {
	file    string
	keys    atomic.Pointer[keys]
	peppers sync.Map // purpose → *pepper
	tenants tenants
}

// Open reads the keyset file, or makes it at the first start, readable by its
// owner only. Whoever loses that file loses every secret in the database.
func Open(file string) (*Vault, error) {
	k, err := loadOrMake(file)
	if err != nil {
		return nil, err
	}
	v := &Vault{file: file}
	v.keys.Store(k)
	return v, nil
}

// Check tells whether the keyset opens what the database holds: ErrForeign if not.
func (v *Vault) Check(ctx context.Context, db *gorm.DB) error {
	var row tenantKey
	err := db.WithContext(ctx).Order("tenant_id").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := v.unlock(row); err != nil {
		return ErrForeign
	}
	return nil
}

// Rotate gives the keyset a new primary key and keeps the old ones, so that
// everything still opens. Other replicas notice when they meet the new key.
func (v *Vault) Rotate() error {
	k, err := load(v.file)
	if err != nil {
		return err
	}
	if k, err = k.rotated(); err != nil {
		return err
	}
	if err := place(k, v.file, os.Rename); err != nil {
		return err
	}
	v.keys.Store(k)
	return nil
}

// Cell is the place that a secret is sealed for.
type Cell struct {
	Tenant string
	Column string // table and column, e.g. "devices.secret_sealed"
	Row    string // the row's id
}

const (
	version   = 1
	nonceSize = 12
	overhead  = 1 + nonceSize + 16
)

// name is the cell as additional data: each part with its length before it.
func (c Cell) name(to []byte) []byte {
	for _, part := range [...]string{c.Tenant, c.Column, c.Row} {
		to = binary.BigEndian.AppendUint32(to, uint32(len(part)))
		to = append(to, part...)
	}
	return to
}

// Seal locks plain for the cell. Db, a transaction or not, carries the context
// and the tenant's key, which is made at its first use.
func (v *Vault) Seal(db *gorm.DB, cell Cell, plain []byte) ([]byte, error) {
	key, err := v.key(db, cell.Tenant, true)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", cell.Column, err)
	}
	out := make([]byte, 1+nonceSize, overhead+len(plain))
	out[0] = version
	rand.Read(out[1:])
	var buf [160]byte
	return key.Seal(out, out[1:], plain, cell.name(buf[:0])), nil
}

// Open gives back what Seal locked for the same cell, or ErrShut.
func (v *Vault) Open(db *gorm.DB, cell Cell, sealed []byte) ([]byte, error) {
	if len(sealed) < overhead || sealed[0] != version {
		return nil, fmt.Errorf("open %s: %w", cell.Column, ErrShut)
	}
	key, err := v.key(db, cell.Tenant, false)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", cell.Column, err)
	}
	var buf [160]byte
	nonce, text := sealed[1:1+nonceSize], sealed[1+nonceSize:]
	plain, err := key.Open(nil, nonce, text, cell.name(buf[:0]))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", cell.Column, ErrShut)
	}
	return plain, nil
}
