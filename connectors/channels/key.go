package channels

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// The kinds of a channel's keys. A write key reads too.
const (
	kindWrite = "write"
	kindRead  = "read"
)

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// KeyLength is how long every key is, in characters of A–Z 0–9 (82.7 bits).
const KeyLength = 16

// newKey draws a key. A byte of 252 and above is drawn again, since 36 divides
// 252 and not 256.
func newKey() vault.Secret {
	var key [KeyLength]byte
	var b [2 * KeyLength]byte
	for n := 0; n < KeyLength; {
		rand.Read(b[:])
		for _, c := range b {
			if c < 252 && n < KeyLength {
				key[n] = keyAlphabet[c%36]
				n++
			}
		}
	}
	return vault.Secret(key[:])
}

// looksLikeKey spares the database what cannot be a key.
func looksLikeKey(s string) bool {
	if len(s) != KeyLength {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// digest is what the tables know a key by.
func (s *Store) digest(key string) []byte { return s.Vault.MAC("channel-key", []byte(key)) }

var insertKey = migrations.SQL(`INSERT INTO channel_keys (digest, id, channel_id, tenant_id, kind, sealed, label, user_id, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)

func keyCell(tenant iam.OrgID, id string) vault.Cell {
	return vault.Cell{Tenant: string(tenant), Column: "channel_keys.sealed", Row: id}
}

// addKey draws a key for the channel and keeps it sealed. user may be empty.
func (s *Store) addKey(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, channel ID, kind, label string, user iam.UserID) (vault.Secret, error) {
	key, id := newKey(), iam.NewID()
	sealed, err := s.Vault.Seal(tx, keyCell(tenant, id), []byte(key.Reveal()))
	if err != nil {
		return "", fmt.Errorf("seal a %s key: %w", kind, err)
	}
	var holder *string
	if user != "" {
		holder = (*string)(&user)
	}
	if _, err := insertKey.Exec(ctx, tx, s.digest(key.Reveal()), id, int64(channel), string(tenant), kind, sealed, label, holder, iam.Micros(s.Now())); err != nil {
		return "", fmt.Errorf("add a %s key: %w", kind, err)
	}
	return key, nil
}

// newestKey finds the newest key of that kind which nobody holds in person.
var newestKey = migrations.SQL(`SELECT id, tenant_id, sealed, used_at FROM channel_keys
WHERE channel_id = ? AND kind = ? AND user_id IS NULL AND revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1`)

// A keyRow is a key as it lies in the table; the zero one means that there is none.
type keyRow struct {
	id, tenant string
	sealed     []byte
	used       *int64
}

func (s *Store) newest(ctx context.Context, tx *gorm.DB, channel ID, kind string) (k keyRow, err error) {
	err = newestKey.Row(ctx, tx, int64(channel), kind).Scan(&k.id, &k.tenant, &k.sealed, &k.used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return k, fmt.Errorf("find the %s key: %w", kind, err)
	}
	return k, nil
}

func (s *Store) open(tx *gorm.DB, k keyRow) (vault.Secret, error) {
	if k.id == "" {
		return "", nil
	}
	plain, err := s.Vault.Open(tx, keyCell(iam.OrgID(k.tenant), k.id), k.sealed)
	if err != nil {
		return "", fmt.Errorf("open key %s: %w", k.id, err)
	}
	return vault.Secret(plain), nil
}

// numbered is ParseID for the methods of connectors.Provider.
func numbered(id string) (ID, error) {
	n, err := ParseID(id)
	if err != nil {
		return 0, fmt.Errorf("channel %q: %w", id, connectors.ErrChannel)
	}
	return n, nil
}
