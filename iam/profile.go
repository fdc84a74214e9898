package iam

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Profile is a person as a directory keeps him, which may call him by other
// names than we do.
type Profile struct {
	ID         UserID
	Home       OrgID
	Email      Email
	Name       string
	ExternalID string // the directory's id; "" for none
	UserName   string // the directory's name for the account; "" where it keeps none
	GivenName  string
	FamilyName string
	Active     bool
	Version    int64 // grows with every change
	CreatedAt  time.Time
	ChangedAt  time.Time
}

// profileRow is the whole row of a person, but for what he signs in with.
type profileRow struct {
	ID         string  `gorm:"column:id;primaryKey"`
	HomeOrgID  string  `gorm:"column:home_org_id"`
	Email      string  `gorm:"column:email"`
	Name       string  `gorm:"column:name"`
	ExternalID *string `gorm:"column:external_id"`
	UserName   *string `gorm:"column:user_name"`
	GivenName  string  `gorm:"column:given_name"`
	FamilyName string  `gorm:"column:family_name"`
	State      string  `gorm:"column:state"`
	Version    int64   `gorm:"column:version"`
	CreatedAt  int64   `gorm:"column:created_at;autoCreateTime:false"`
	ChangedAt  *int64  `gorm:"column:changed_at"`
}

func (profileRow) TableName() string { return "users" }

func (r profileRow) profile() Profile {
	p := Profile{ID: UserID(r.ID), Home: OrgID(r.HomeOrgID), Email: Email(r.Email), Name: r.Name, GivenName: r.GivenName, FamilyName: r.FamilyName,
		Active: r.State == userActive, Version: r.Version, CreatedAt: Time(r.CreatedAt), ChangedAt: Time(r.CreatedAt)}
	if r.ExternalID != nil {
		p.ExternalID = *r.ExternalID
	}
	if r.UserName != nil {
		p.UserName = *r.UserName
	}
	if r.ChangedAt != nil {
		p.ChangedAt = Time(*r.ChangedAt)
	}
	return p
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Profiles reads a query's people, without those who were removed, by id.
func (u *Users) Profiles(q *gorm.DB) ([]Profile, error) {
	var rows []profileRow
	if err := q.Where("state <> ?", userRemoved).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	all := make([]Profile, len(rows))
	for i, r := range rows {
		all[i] = r.profile()
	}
	return all, nil
}

// CountProfiles counts those whom Profiles would read.
func (u *Users) CountProfiles(q *gorm.DB) (n int64, err error) {
	if err = q.Model(&profileRow{}).Where("state <> ?", userRemoved).Count(&n).Error; err != nil {
		err = fmt.Errorf("count people: %w", err)
	}
	return n, err
}

// CreateProfile adds a person without a password in the caller's transaction,
// or brings back one of the same home who was removed: as nobody's and with
// nothing but the address. It fails with ErrEmailTaken.
func (u *Users) CreateProfile(tx *gorm.DB, p Profile) (Profile, error) {
	var gone profileRow
	err := tx.Where("email = ? AND home_org_id = ? AND state = ?", string(p.Email), string(p.Home), userRemoved).Take(&gone).Error
	if err == nil {
		p.ID, p.Version, p.CreatedAt = UserID(gone.ID), gone.Version, Time(gone.CreatedAt)
		if err := tx.Model(&userRow{}).Where("id = ?", gone.ID).Updates(map[string]any{"state": userDisabled}).Error; err != nil {
			return p, fmt.Errorf("bring a user back: %w", err)
		}
		if p, err = u.ChangeProfile(tx, p); err != nil || !p.Active {
			return p, err
		}
		_, err = u.setState(tx, p.ID, userDisabled, userActive, map[string]any{"disabled_at": nil, "disabled_by": nil})
		p.Version++
		return p, err
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return p, fmt.Errorf("look for a user who was removed: %w", err)
	}
	if p.ID, err = u.Create(tx, NewUser{Email: p.Email, Name: p.Name, Home: p.Home}); err != nil {
		return p, err
	}
	p.Version, p.CreatedAt = 1, u.Now()
	active := p.Active
	if p, err = u.ChangeProfile(tx, p); err != nil || active {
		return p, err
	}
	_, err = u.setState(tx, p.ID, userActive, userDisabled, map[string]any{"disabled_at": Micros(u.Now())})
	p.Version++
	return p, err
}

// ChangeProfile writes what a directory says of somebody, but for whether he is
// active, if he still has that version. It fails with ErrChanged or ErrEmailTaken.
func (u *Users) ChangeProfile(tx *gorm.DB, p Profile) (Profile, error) {
	now := u.Now()
	res := tx.Model(&userRow{}).Where("id = ? AND version = ?", string(p.ID), p.Version).Updates(map[string]any{
		"email": string(p.Email), "name": p.Name, "external_id": orNull(p.ExternalID), "user_name": orNull(p.UserName), "given_name": p.GivenName,
		"family_name": p.FamilyName, "version": p.Version + 1, "changed_at": Micros(now)})
	switch {
	case errors.Is(res.Error, gorm.ErrDuplicatedKey):
		return p, ErrEmailTaken
	case res.Error != nil:
		return p, fmt.Errorf("change user %s: %w", p.ID, res.Error)
	case res.RowsAffected == 0:
		return p, ErrChanged
	}
	p.Version, p.ChangedAt = p.Version+1, now
	return p, nil
}
