package channels

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/vault"
	"halfkey/migrations"
)

// A Listing is a channel with its current keys, for the account that made it.
type Listing struct {
	Channel
	WriteKey vault.Secret
	ReadKey  vault.Secret
}

var (
	accountChannel  = migrations.SQL(`SELECT ` + channelColumns + ` FROM channels WHERE id = ? AND tenant_id = ? AND org_id = ? AND source = '` + sourceAccount + `'`)
	accountChannels = migrations.SQL(`SELECT ` + channelColumns + ` FROM channels WHERE tenant_id = ? AND org_id = ? AND source = '` + sourceAccount + `' ORDER BY id`)
)

// AccountChannel is a channel of the account, or connectors.ErrChannel.
func (s *Store) AccountChannel(ctx context.Context, a Account, id ID) (Listing, error) {
	return s.listing(ctx, s.db(ctx), a, id)
}

func (s *Store) listing(ctx context.Context, tx *gorm.DB, a Account, id ID) (l Listing, err error) {
	if l.Channel, err = findChannel(ctx, tx, accountChannel, int64(id), string(a.Tenant), string(a.Org)); err != nil {
		return l, err
	}
	return l, s.addKeys(ctx, tx, &l)
}

// AccountChannels are all channels of the account in the order of their making.
func (s *Store) AccountChannels(ctx context.Context, a Account) (list []Listing, err error) {
	tx := s.db(ctx)
	err = each(accountChannels.Rows(ctx, tx, string(a.Tenant), string(a.Org)))(func(rows *sql.Rows) error {
		c, err := scanChannel(rows)
		list = append(list, Listing{Channel: c})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	for i := range list {
		if err := s.addKeys(ctx, tx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Store) addKeys(ctx context.Context, tx *gorm.DB, l *Listing) error {
	for kind, key := range map[string]*vault.Secret{kindWrite: &l.WriteKey, kindRead: &l.ReadKey} {
		row, err := s.newest(ctx, tx, l.ID, kind)
		if err != nil {
			return err
		}
		if *key, err = s.open(tx, row); err != nil {
			return err
		}
	}
	return nil
}
