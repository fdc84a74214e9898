package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// An Account is an organisation as an account key speaks for it. It makes, sees
// and changes only the channels that were made through account keys of the same
// organisation; those of registered devices do not exist for it.
type Account struct {
	Key    iam.KeyID
	Tenant iam.OrgID
	Org    iam.OrgID
}

var (
	insertAccountKey = migrations.SQL(`INSERT INTO account_keys (digest, id, tenant_id, org_id, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?)`)
	accountOfKey     = migrations.SQL(`SELECT id, tenant_id, org_id FROM account_keys WHERE digest = ? AND revoked_at IS NULL`)
	accountKeys      = migrations.SQL(`SELECT id, created_by, created_at FROM account_keys WHERE org_id = ? AND revoked_at IS NULL ORDER BY created_at, id`)
	revokeAccountKey = migrations.SQL(`UPDATE account_keys SET revoked_at = ? WHERE id = ? AND org_id = ? AND revoked_at IS NULL`)
)

func (s *Store) accountDigest(key string) []byte { return s.Vault.MAC("account-key", []byte(key)) }

// NewAccountKey makes an account key of the organisation. It is shown this once.
func (s *Store) NewAccountKey(ctx context.Context, tx *gorm.DB, tenant, org iam.OrgID, by iam.UserID) (vault.Secret, AccountKey, error) {
	key, made := newKey(), AccountKey{ID: iam.KeyID(iam.NewID()), By: by, Created: s.Now()}
	_, err := insertAccountKey.Exec(ctx, tx, s.accountDigest(key.Reveal()), string(made.ID), string(tenant), string(org), string(by), iam.Micros(made.Created))
	if err != nil {
		return "", AccountKey{}, fmt.Errorf("make an account key: %w", err)
	}
	return key, made, nil
}

// An AccountKey is one that works, without the key itself.
type AccountKey struct {
	ID      iam.KeyID
	By      iam.UserID // who made it
	Created time.Time
}

// AccountKeys are those of the organisation that work, oldest first.
func (s *Store) AccountKeys(ctx context.Context, org iam.OrgID) (list []AccountKey, err error) {
	err = each(accountKeys.Rows(ctx, s.db(ctx), string(org)))(func(rows *sql.Rows) error {
		var k AccountKey
		var created int64
		err := rows.Scan(&k.ID, &k.By, &created)
		k.Created = iam.Time(created)
		list = append(list, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list account keys: %w", err)
	}
	return list, nil
}

// RevokeAccountKey ends an account key of the organisation; ErrAccount if it has none with that id.
func (s *Store) RevokeAccountKey(ctx context.Context, tx *gorm.DB, org iam.OrgID, key iam.KeyID) error {
	res, err := revokeAccountKey.Exec(ctx, tx, iam.Micros(s.Now()), string(key), string(org))
	if err != nil {
		return fmt.Errorf("revoke an account key: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return ErrAccount
	}
	return nil
}

// Account finds whom an account key speaks for, or ErrAccount.
func (s *Store) Account(ctx context.Context, key string) (Account, error) {
	if !looksLikeKey(key) {
		return Account{}, ErrAccount
	}
	var a Account
	err := accountOfKey.Row(ctx, s.db(ctx), s.accountDigest(key)).Scan(&a.Key, &a.Tenant, &a.Org)
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrAccount
	}
	if err != nil {
		return a, fmt.Errorf("find an account key: %w", err)
	}
	return a, nil
}

// record writes a deed of the account into the trail.
func (a Account) record(ctx context.Context, tx *gorm.DB, verb string, id ID) error {
	ctx = audit.WithActor(ctx, audit.Actor{Type: "account-key", ID: string(a.Key), Name: "account key"})
	return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(a.Tenant), Org: string(a.Org), Type: "channel", ID: id.String()}, nil)
}
