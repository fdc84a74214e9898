package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/migrations"
)

// Where a channel came from. Account keys see only those of their own making.
const (
	sourceDevice  = "device"
	sourceAccount = "account"
)

var (
	insertChannel = migrations.SQL(`INSERT INTO channels (tenant_id, org_id, source, op, name, fields, public, min_gap, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (op) DO NOTHING`)
	channelOfOp     = migrations.SQL(`SELECT id FROM channels WHERE op = ? AND tenant_id = ?`)
	channelOfTenant = migrations.SQL(`SELECT id FROM channels WHERE id = ? AND tenant_id = ?`)
)

// Create implements connectors.Provider.
func (s *Store) Create(ctx context.Context, tx *gorm.DB, w connectors.Wanted) (connectors.Channel, error) {
	id, fresh, err := s.insert(ctx, tx, w, sourceDevice)
	if err != nil {
		return connectors.Channel{}, err
	}
	if !fresh {
		return s.Keys(ctx, tx, w.Tenant, id.String())
	}
	key, err := s.addKey(ctx, tx, w.Tenant, id, kindWrite, "", "")
	if err != nil {
		return connectors.Channel{}, err
	}
	return connectors.Channel{ID: id.String(), WriteKey: key}, nil
}

// insert makes the channel's row, or finds the one that the same op made before.
func (s *Store) insert(ctx context.Context, tx *gorm.DB, w connectors.Wanted, source string) (id ID, fresh bool, err error) {
	if len(w.Fields) > MaxFields {
		return 0, false, fmt.Errorf("create channel: %d fields, the store has %d", len(w.Fields), MaxFields)
	}
	now := iam.Micros(s.Now())
	n, fresh, err := insertChannel.Insert(ctx, tx, string(w.Tenant), string(w.Org), source, w.Op, w.Name, fieldsOf(w.Fields).text(), false, 0, now, now)
	if err != nil {
		return 0, false, fmt.Errorf("create channel: %w", err)
	}
	if fresh {
		return ID(n), true, nil
	}
	if err := channelOfOp.Row(ctx, tx, w.Op, string(w.Tenant)).Scan(&id); err != nil {
		return 0, false, fmt.Errorf("find channel of op %s: %w", w.Op, err)
	}
	return id, false, nil
}

// Keys implements connectors.Provider.
func (s *Store) Keys(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, id string) (connectors.Channel, error) {
	n, err := numbered(id)
	if err != nil {
		return connectors.Channel{}, err
	}
	switch err := channelOfTenant.Row(ctx, tx, int64(n), string(tenant)).Scan(&n); {
	case errors.Is(err, sql.ErrNoRows):
		return connectors.Channel{}, connectors.ErrChannel
	case err != nil:
		return connectors.Channel{}, fmt.Errorf("keys of channel %s: %w", id, err)
	}
	row, err := s.newest(ctx, tx, n, kindWrite)
	if err != nil {
		return connectors.Channel{}, err
	}
	key, err := s.open(tx, row)
	return connectors.Channel{ID: n.String(), WriteKey: key}, err
}

var newestUse = migrations.SQL(`SELECT used_at FROM channel_keys WHERE channel_id = ? AND kind = '` + kindWrite + `' ORDER BY created_at DESC, id DESC LIMIT 1`)

// WriteKeyUsed implements connectors.Provider.
func (s *Store) WriteKeyUsed(ctx context.Context, tx *gorm.DB, id string) (bool, error) {
	n, err := numbered(id)
	if err != nil {
		return false, err
	}
	var used *int64
	switch err := newestUse.Row(ctx, tx, int64(n)).Scan(&used); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("see whether channel %s was used: %w", id, err)
	}
	return used != nil, nil
}
