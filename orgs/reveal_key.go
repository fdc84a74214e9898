package orgs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// RevealKey shows both halves of a registration key, the second without its
// check character, and puts it on the record before anybody sees them.
func (s *Service) RevealKey(ctx context.Context, id iam.KeyID) (first, second vault.Secret, err error) {
	row, err := s.keyFor(ctx, id, policies.RevealRegistrationKey)
	if err != nil {
		return "", "", err
	}
	k := row.key()
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		one, err := s.Vault.Open(tx, cell(k, "first_sealed"), row.FirstSealed)
		if err != nil {
			return err
		}
		two, err := s.Vault.Open(tx, cell(k, "second_sealed"), row.SecondSealed)
		if err != nil {
			return err
		}
		first, second = vault.Secret(one), vault.Secret(two)
		return s.recordKey(ctx, tx, "key.reveal", k, nil)
	})
	if err != nil {
		return "", "", fmt.Errorf("reveal registration key %s: %w", id, err)
	}
	return first, second, nil
}
