package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/iam/recall"
)

// The settings that the installation keeps in its database.
const (
	SettingBaseURL = "base-url" // where people and devices reach us, no slash at the end
	SettingSignUp  = "sign-up"  // SignUpInvited or SignUpOpen
)

// Who may found an organisation of their own.
const (
	SignUpInvited = "invited"
	SignUpOpen    = "open"
)

// Settings reads and writes what the installation as a whole has decided.
// Make it with NewSettings.
type Settings struct {
	db       *gorm.DB
	versions *Versions
	now      func() time.Time
	known    *recall.Memory[string, string]
}

type settingRow struct {
	Name      string `gorm:"column:name;primaryKey"`
	Value     string `gorm:"column:value"`
	ChangedAt int64  `gorm:"column:changed_at;autoUpdateTime:false"`
}

func (settingRow) TableName() string { return "settings" }

// NewSettings reads from db; a change is seen at the next version of rights.
func NewSettings(db *gorm.DB, versions *Versions, now func() time.Time) *Settings {
	return &Settings{db: db, versions: versions, now: now, known: recall.New[string, string](64, time.Minute)}
}

// Get gives a setting, or "" where nothing is set.
func (s *Settings) Get(ctx context.Context, name string) (string, error) {
	version, err := s.versions.Current(ctx)
	if err != nil {
		return "", err
	}
	if value, ok := s.known.Get(name, version); ok {
		return value, nil
	}
	var row settingRow
	err = s.db.WithContext(ctx).Where("name = ?", name).Take(&row).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return "", fmt.Errorf("read setting %s: %w", name, err)
	}
	s.known.Put(name, version, row.Value)
	return row.Value, nil
}

// Set writes a setting in the caller's transaction; every replica sees it
// within the second.
func (s *Settings) Set(tx *gorm.DB, name, value string) error {
	if err := s.versions.Bump(tx); err != nil {
		return err
	}
	row := settingRow{Name: name, Value: value, ChangedAt: Micros(s.now())}
	err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	if err != nil {
		return fmt.Errorf("write setting %s: %w", name, err)
	}
	return nil
}
