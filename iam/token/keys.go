package token

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// Overlap is how long a retired key still checks the tokens that it signed:
// longer than any of them lives.
const Overlap = 25 * time.Hour

// known is how long keys are remembered. A new key signs at once, and whoever
// meets a key that he does not know looks again, so this bounds nothing but how
// long a retired one goes on signing at other replicas.
const known = time.Second

// Keys are the house's signing keys. Its methods may be called at once.
type Keys struct {
	DB    *gorm.DB
	Vault *vault.Vault
	Now   func() time.Time

	mu   sync.RWMutex
	sets map[iam.OrgID]set
}

// A set is a tenant's keys, the one that signs first.
type set struct {
	keys []*Key
	read time.Time // real time
}

// setsMost bounds the sets in memory.
const setsMost = 1024

var (
	keysOfTenant = migrations.SQL(`SELECT kid, alg, public_key, private_sealed, created_at, retired_at FROM signing_keys
WHERE tenant_id = ? AND (retired_at IS NULL OR retired_at > ?) ORDER BY retired_at IS NOT NULL, created_at DESC`)
	insertKey = migrations.SQL(`INSERT INTO signing_keys (kid, tenant_id, alg, public_key, private_sealed, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	retireKey = migrations.SQL(`UPDATE signing_keys SET retired_at = ? WHERE tenant_id = ? AND retired_at IS NULL`)
	forgetKey = migrations.SQL(`DELETE FROM signing_keys WHERE retired_at <= ?`)
)

// Of gives the keys that check the tenant's tokens, the signing one first. A
// tenant without a key of its own has the platform's.
func (s *Keys) Of(ctx context.Context, tenant iam.OrgID) ([]*Key, error) {
	keys, err := s.of(ctx, tenant, false)
	if err != nil || len(keys) > 0 && keys[0].Retired.IsZero() {
		return keys, err
	}
	if tenant != "" {
		platform, err := s.Of(ctx, "")
		return append(platform[:len(platform):len(platform)], keys...), err
	}
	if err := s.first(ctx); err != nil {
		return nil, err
	}
	return s.of(ctx, "", true)
}

func (s *Keys) of(ctx context.Context, tenant iam.OrgID, afresh bool) ([]*Key, error) {
	s.mu.RLock()
	kept, ok := s.sets[tenant]
	s.mu.RUnlock()
	if ok && !afresh && time.Since(kept.read) < known {
		return kept.keys, nil
	}
	at := time.Now()
	keys, err := s.read(ctx, tenant, kept.keys)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil {
		s.sets = map[iam.OrgID]set{}
	}
	for other := range s.sets {
		if len(s.sets) < setsMost {
			break
		}
		delete(s.sets, other)
	}
	s.sets[tenant] = set{keys, at}
	return keys, nil
}

// read opens the tenant's keys; those that are known already are taken as they are.
func (s *Keys) read(ctx context.Context, tenant iam.OrgID, before []*Key) (keys []*Key, err error) {
	db := s.DB.WithContext(ctx)
	rows, err := keysOfTenant.Rows(ctx, db, string(tenant), iam.Micros(s.Now().Add(-Overlap)))
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	defer rows.Close()
	var sealed [][]byte
	for rows.Next() {
		k := &Key{Tenant: tenant}
		var public, private []byte
		var created int64
		var retired *int64
		if err := rows.Scan(&k.ID, (*string)(&k.Alg), &public, &private, &created, &retired); err != nil {
			return nil, fmt.Errorf("read signing keys: %w", err)
		}
		if k.Public, err = parsePublic(k.Alg, public); err != nil {
			return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
		}
		k.Created, k.Retired = iam.Time(created), iam.TimeOrZero(retired)
		keys, sealed = append(keys, k), append(sealed, private)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	for i, k := range keys {
		if !k.Retired.IsZero() {
			continue
		}
		if k.private = opened(before, k.ID); k.private == nil {
			plain, err := s.Vault.Open(db, cell(tenant, k.ID), sealed[i])
			if err != nil {
				return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
			}
			if k.private, err = parsePrivate(plain); err != nil {
				return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
			}
		}
		header, _ := json.Marshal(map[string]string{"kid": k.ID, "alg": string(k.Alg), "typ": "JWT"}) // strings always marshal
		k.header = base64.RawURLEncoding.EncodeToString(header) + "."
	}
	return keys, nil
}

func opened(keys []*Key, id string) crypto.Signer {
	for _, k := range keys {
		if k.ID == id {
			return k.private
		}
	}
	return nil
}

// Forget reads a tenant's keys anew at the next look, once they were changed here.
func (s *Keys) Forget(tenant iam.OrgID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sets, tenant)
}

// first makes the platform's key, or finds the one that another replica made meanwhile.
func (s *Keys) first(ctx context.Context) error {
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		_, err := s.add(ctx, tx, "", ES256)
		return err
	})
}

func (s *Keys) add(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, alg Alg) (kid string, err error) {
	private, err := alg.generate()
	if err != nil {
		return "", err
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return "", err
	}
	kid = iam.NewID()
	sealed, err := s.Vault.Seal(tx, cell(tenant, kid), plain)
	if err != nil {
		return "", err
	}
	res, err := insertKey.Exec(ctx, tx, kid, string(tenant), string(alg), public, sealed, iam.Micros(s.Now()))
	if err != nil {
		return "", fmt.Errorf("add a signing key: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return "", err // another one was faster
	}
	return kid, nil
}

// Rotate retires the tenant's key and makes another one, of that algorithm. With
// the platform's own algorithm a tenant goes back to the platform's keys.
func (s *Keys) Rotate(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, alg Alg) error {
	if _, err := retireKey.Exec(ctx, tx, iam.Micros(s.Now()), string(tenant)); err != nil {
		return fmt.Errorf("retire a signing key: %w", err)
	}
	kid := ""
	if tenant == "" || alg != ES256 {
		var err error
		if kid, err = s.add(ctx, tx, tenant, alg); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, "token-key.rotate", audit.Object{Tenant: string(tenant), Org: string(tenant), Type: "token-key", ID: kid}, audit.Detail{"alg": alg})
}

// Life is how long a key signs before the timetable makes another one.
const Life = 90 * 24 * time.Hour

// RotateOld changes the keys that have signed for Life. Who rotates one by hand
// begins its time anew.
func (s *Keys) RotateOld(ctx context.Context) error {
	var old []struct {
		TenantID iam.OrgID
		Alg      Alg
	}
	err := s.DB.WithContext(ctx).Raw("SELECT tenant_id, alg FROM signing_keys WHERE retired_at IS NULL AND created_at <= ?", iam.Micros(s.Now().Add(-Life))).Scan(&old).Error
	for _, k := range old {
		if err == nil {
			err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return s.Rotate(ctx, tx, k.TenantID, k.Alg) })
		}
	}
	if err != nil {
		return fmt.Errorf("rotate old signing keys: %w", err)
	}
	return nil
}

// Sweep forgets keys whose last token is over.
func (s *Keys) Sweep(ctx context.Context) error {
	_, err := forgetKey.Exec(ctx, s.DB.WithContext(ctx), iam.Micros(s.Now().Add(-2*Overlap)))
	return err
}

func cell(tenant iam.OrgID, kid string) vault.Cell {
	return vault.Cell{Tenant: string(tenant), Column: "signing_keys.private_sealed", Row: kid}
}
