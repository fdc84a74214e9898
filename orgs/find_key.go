package orgs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/recall"
	"halfkey/iam/vault"
)

// foundKey is a key as a calling device needs it.
type foundKey struct {
	key    Key
	second vault.Secret
}

func (s *Service) remembered() *recall.Memory[[32]byte, foundKey] {
	s.keysOnce.Do(func() { s.keys = recall.New[[32]byte, foundKey](4096, 500*time.Millisecond) })
	return s.keys
}

const findKey = `SELECT id, tenant_id, org_id, label, form, second_sealed, p2s, p2c, device_kind, boarding, reboarding, simple_door,
not_before, expires_at, max_uses, uses, state, retires_at, replaces_id, created_by, created_at FROM registration_keys WHERE first_mac = ?`

// FindKey finds the key whose first half, in normal form, a device names, with
// the second half. It asks nobody for permission and does not judge: see Dead
// and TakesNew. It may be half a second old and its Uses older; TakeUse counts.
// A first half that nobody has is ErrKeyUnknown, with a drawn second half to go
// on with, after the same work. So is a key of a place that is closed.
func (s *Service) FindKey(ctx context.Context, q *gorm.DB, first string) (Key, vault.Secret, error) {
	version, err := s.Decider.Version(ctx)
	if err != nil {
		return Key{}, "", err
	}
	mac := [32]byte(s.firstMAC(first))
	f, ok := s.remembered().Get(mac, version)
	if !ok {
		if f, err = s.readKey(q.WithContext(ctx), mac); errors.Is(err, ErrKeyUnknown) {
			return Key{}, s.decoy(q.WithContext(ctx)), ErrKeyUnknown
		}
		if err != nil {
			return Key{}, "", err
		}
		s.remembered().Put(mac, version, f)
	}
	stopped, err := s.Decider.Stopped(ctx, f.key.Org)
	if err != nil {
		return Key{}, "", err
	}
	if stopped {
		return Key{}, s.decoy(nil), ErrKeyUnknown
	}
	return f.key, f.second, nil
}

func (s *Service) readKey(q *gorm.DB, mac [32]byte) (foundKey, error) {
	var r keyRow
	err := q.Raw(findKey, mac[:]).Row().Scan(&r.ID, &r.TenantID, &r.OrgID, &r.Label, &r.Form, &r.SecondSealed, &r.P2S, &r.P2C, &r.DeviceKind,
		&r.Boarding, &r.Reboarding, &r.SimpleDoor, &r.NotBefore, &r.ExpiresAt, &r.MaxUses, &r.Uses, &r.State, &r.RetiresAt, &r.ReplacesID, &r.CreatedBy, &r.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return foundKey{}, ErrKeyUnknown
	}
	if err != nil {
		return foundKey{}, fmt.Errorf("find a registration key: %w", err)
	}
	k := r.key()
	second, err := s.Vault.Open(q, cell(k, "second_sealed"), r.SecondSealed)
	if err != nil {
		return foundKey{}, fmt.Errorf("open registration key %s: %w", k.ID, err)
	}
	s.sample.Store(&sealedSecond{cell(k, "second_sealed"), r.SecondSealed})
	return foundKey{k, vault.Secret(second)}, nil
}

// sealedSecond is some key's second half as it is stored, to be opened for the
// sake of the time it takes.
type sealedSecond struct {
	cell   vault.Cell
	sealed []byte
}

// decoy draws a second half for a key that is not there. With q it opens a real
// one besides, so that what is absent takes as long as what is found.
func (s *Service) decoy(q *gorm.DB) vault.Secret {
	if some := s.sample.Load(); some != nil && q != nil {
		_, _ = s.Vault.Open(q, some.cell, some.sealed)
	}
	return vault.Secret(iam.RandomCode(standardSecond))
}
