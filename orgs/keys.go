package orgs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// Keys lists the registration keys of org itself, newest first, dead ones too.
func (s *Service) Keys(ctx context.Context, org iam.OrgID) ([]Key, error) {
	if err := s.Decider.Require(ctx, policies.SeeRegistrationKey, org); err != nil {
		return nil, err
	}
	var rows []keyRow
	if err := s.DB.WithContext(ctx).Where("org_id = ?", string(org)).Order("id DESC").Limit(1000).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list registration keys: %w", err)
	}
	keys := make([]Key, len(rows))
	for i, r := range rows {
		var err error
		if keys[i], err = s.hinted(s.DB.WithContext(ctx), r); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// KeyFor finds the registration key by which a new device comes to org: its own
// newest one that takes new devices, a standard one before a classic one, and
// one that takes any device before one that takes listed ones. It fails with
// ErrNoKey; EnsureKey makes one.
func (s *Service) KeyFor(ctx context.Context, org iam.OrgID) (Key, error) {
	keys, err := s.Keys(ctx, org)
	if err != nil {
		return Key{}, err
	}
	now := s.Now()
	keys = slices.DeleteFunc(keys, func(k Key) bool { return k.State != KeyActive || !k.TakesNew(now) })
	if len(keys) == 0 {
		return Key{}, ErrNoKey
	}
	return slices.MinFunc(keys, func(a, b Key) int { return cmp.Compare(a.fuss(), b.fuss()) }), nil
}

// fuss is how much stands between a key and the next best device.
func (k Key) fuss() (n int) {
	if k.Boarding == BoardSerials {
		n += 2
	}
	if k.Form == Classic {
		n++
	}
	return n
}

// EnsureKey is KeyFor that issues a standard key where there is none.
func (s *Service) EnsureKey(ctx context.Context, org iam.OrgID) (Key, error) {
	k, err := s.KeyFor(ctx, org)
	if errors.Is(err, ErrNoKey) {
		return s.IssueKey(ctx, KeyRequest{Org: org})
	}
	return k, err
}

// Key finds one registration key that the person who acts in ctx may see.
func (s *Service) Key(ctx context.Context, id iam.KeyID) (Key, error) {
	row, err := s.keyFor(ctx, id, policies.SeeRegistrationKey)
	if err != nil {
		return Key{}, err
	}
	return s.hinted(s.DB.WithContext(ctx), row)
}

// MaskedFirst gives the beginning of a key's first half, four characters.
func (s *Service) MaskedFirst(ctx context.Context, id iam.KeyID) (string, error) {
	k, err := s.Key(ctx, id)
	return k.Hint, err
}

// keyFor reads a key for somebody who may do act with it. Who may not even see
// it hears the same as for none.
func (s *Service) keyFor(ctx context.Context, id iam.KeyID, act policies.Action) (row keyRow, err error) {
	err = s.DB.WithContext(ctx).Where("id = ?", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, policies.ErrHidden
	}
	if err != nil {
		return row, fmt.Errorf("find registration key %s: %w", id, err)
	}
	if !s.Decider.May(ctx, policies.SeeRegistrationKey, iam.OrgID(row.OrgID)) {
		return row, policies.ErrHidden
	}
	return row, s.Decider.Require(ctx, act, iam.OrgID(row.OrgID))
}

func (s *Service) hinted(q *gorm.DB, r keyRow) (Key, error) {
	k := r.key()
	first, err := s.Vault.Open(q, cell(k, "first_sealed"), r.FirstSealed)
	if err != nil {
		return Key{}, fmt.Errorf("open registration key %s: %w", k.ID, err)
	}
	k.Hint = string(first[:min(4, len(first))])
	return k, nil
}
