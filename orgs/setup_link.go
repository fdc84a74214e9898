package orgs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// settingSetup holds what the setup link is derived from: a nonce and when it
// ends. The link itself is stored nowhere; without the keyset nobody derives it.
const settingSetup = "setup-link"

// setupLife is how long a setup link opens the setup.
const setupLife = 7 * 24 * time.Hour

// SetupLink gives the token of the setup link. All replicas give the same one
// until it is used; one that has not a day to live is replaced.
func (s *Service) SetupLink(ctx context.Context) (token vault.Secret, err error) {
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Decider.Bump(tx); err != nil { // first: replicas that start at once take turns
			return err
		}
		nonce, ends, err := readSetup(tx)
		if err != nil {
			return err
		}
		if nonce == "" || ends.Sub(s.Now()) < 24*time.Hour {
			nonce, ends = iam.NewID(), s.Now().Add(setupLife)
			if err := s.Settings.Set(tx, settingSetup, nonce+" "+strconv.FormatInt(iam.Micros(ends), 10)); err != nil {
				return err
			}
		}
		token = vault.Secret(s.setupToken(nonce))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("make the setup link: %w", err)
	}
	return token, nil
}

// NeedsSetup reports whether there is no administrator yet. Once there is one,
// it does not ask again.
func (s *Service) NeedsSetup(ctx context.Context) bool {
	if s.setUp.Load() {
		return false
	}
	var n int64
	err := s.DB.WithContext(ctx).Raw(`SELECT COUNT(*) FROM assignments WHERE org_id = (SELECT id FROM orgs WHERE parent_id IS NULL)
AND role = ? AND status = 'active' AND ended_at IS NULL`, string(policies.PlatformAdmin)).Scan(&n).Error
	if err == nil && n > 0 {
		s.setUp.Store(true)
	}
	return err == nil && n == 0
}

func (s *Service) setupToken(nonce string) string {
	return base64.RawURLEncoding.EncodeToString(s.Vault.MAC("setup-link", []byte(nonce)))
}

// setupNonce is what a good link is derived from just now, or "".
func (s *Service) setupNonce(q *gorm.DB) (string, error) {
	nonce, ends, err := readSetup(q)
	if err != nil || !s.Now().Before(ends) {
		return "", err
	}
	return nonce, nil
}

func readSetup(q *gorm.DB) (nonce string, ends time.Time, err error) {
	var row struct{ Value string }
	err = q.Table("settings").Select("value").Where("name = ?", settingSetup).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", time.Time{}, nil
	}
	if err != nil {
		return "", time.Time{}, err
	}
	nonce, until, _ := strings.Cut(row.Value, " ")
	us, _ := strconv.ParseInt(until, 10, 64)
	return nonce, iam.Time(us), nil
}
