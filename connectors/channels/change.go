package channels

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/migrations"
)

var (
	renameChannel = migrations.SQL(`UPDATE channels SET name = ?, updated_at = ? WHERE id = ?`)
	moveChannel   = migrations.SQL(`UPDATE channels SET org_id = ?, updated_at = ? WHERE id = ?`)
	touchChannel  = migrations.SQL(`UPDATE channels SET updated_at = ? WHERE id = ?`)
	// A key that is held has been revoked at no time at all, so that whoever asks
	// for a key that is not revoked finds neither.
	holdKeys    = migrations.SQL(`UPDATE channel_keys SET revoked_at = 0 WHERE channel_id = ? AND kind = '` + kindWrite + `' AND revoked_at IS NULL`)
	releaseKeys = migrations.SQL(`UPDATE channel_keys SET revoked_at = NULL WHERE channel_id = ? AND kind = '` + kindWrite + `' AND revoked_at = 0`)
	revokeKeys  = migrations.SQL(`UPDATE channel_keys SET revoked_at = ? WHERE channel_id = ? AND (revoked_at IS NULL OR revoked_at = 0)`)
)

// Rename implements connectors.Provider and connectors.Copies.
func (s *Store) Rename(ctx context.Context, tx *gorm.DB, id, name string) error {
	return s.change(ctx, tx, renameChannel, id, name, iam.Micros(s.Now()))
}

// Move implements connectors.Provider and connectors.Copies. A person's read key stops to work with
// the move unless he may also read there.
func (s *Store) Move(ctx context.Context, tx *gorm.DB, id string, to iam.OrgID) error {
	return s.change(ctx, tx, moveChannel, id, string(to), iam.Micros(s.Now()))
}

// Hold implements connectors.Provider.
func (s *Store) Hold(ctx context.Context, tx *gorm.DB, id string) error {
	return s.turn(ctx, tx, holdKeys, id)
}

// Release implements connectors.Provider.
func (s *Store) Release(ctx context.Context, tx *gorm.DB, id string) error {
	return s.turn(ctx, tx, releaseKeys, id)
}

func (s *Store) turn(ctx context.Context, tx *gorm.DB, keys migrations.Statement, id string) error {
	if err := s.change(ctx, tx, touchChannel, id, iam.Micros(s.Now())); err != nil {
		return err
	}
	n, _ := ParseID(id)
	if _, err := keys.Exec(ctx, tx, int64(n)); err != nil {
		return fmt.Errorf("hold or release channel %s: %w", id, err)
	}
	return nil
}

// Close implements connectors.Provider.
func (s *Store) Close(ctx context.Context, tx *gorm.DB, id string) error {
	now := iam.Micros(s.Now())
	if err := s.change(ctx, tx, touchChannel, id, now); err != nil {
		return err
	}
	n, _ := ParseID(id)
	if _, err := revokeKeys.Exec(ctx, tx, now, int64(n)); err != nil {
		return fmt.Errorf("close channel %s: %w", id, err)
	}
	return nil
}

// change runs a migrations.Statement whose last parameter is the channel.
func (s *Store) change(ctx context.Context, tx *gorm.DB, st migrations.Statement, id string, args ...any) error {
	n, err := ParseID(id)
	if err != nil {
		n, err = s.copyNumber(ctx, tx, id)
	}
	if err != nil {
		return fmt.Errorf("channel %q: %w", id, err)
	}
	res, err := st.Exec(ctx, tx, append(args, int64(n))...)
	if err != nil {
		return fmt.Errorf("change channel %s: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return connectors.ErrChannel
	}
	return nil
}
