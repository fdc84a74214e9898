package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// User is a person with one login, wherever he belongs. His home organisation
// decides who may help him back in.
type User struct {
	ID        UserID
	Email     Email
	Name      string
	Home      OrgID
	CreatedAt time.Time
}

// What can be wrong with a person.
var (
	ErrUserUnknown = fault.New(fault.NotFound, "user-unknown", "There is no such person.")
	ErrEmailTaken  = fault.New(fault.Conflict, "email-taken", "There is an account with this address already. Sign in instead, or use another address.")
)

const userActive = "active"

type userRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	Email        string `gorm:"column:email"`
	Name         string `gorm:"column:name"`
	PasswordHash string `gorm:"column:password_hash"`
	HomeOrgID    string `gorm:"column:home_org_id"`
	State        string `gorm:"column:state"`
	CreatedAt    int64  `gorm:"column:created_at;autoCreateTime:false"`
}

func (userRow) TableName() string { return "users" }

func (r userRow) user() User {
	return User{UserID(r.ID), Email(r.Email), r.Name, OrgID(r.HomeOrgID), Time(r.CreatedAt)}
}

// Users keeps people.
type Users struct {
	DB  *gorm.DB
	Now func() time.Time
}

// NewUser is what a person begins with: a hash from Passwords.Hash or a passkey
// from Sessions.Made. It is plain data, so that it can wait, sealed, for a link.
type NewUser struct {
	Email        Email
	Name         string
	PasswordHash string      // empty: the passkey alone
	Passkey      *NewPasskey // nil: the password alone
	Home         OrgID
}

// Create adds a person in the caller's transaction. It fails with ErrEmailTaken.
func (u *Users) Create(tx *gorm.DB, n NewUser) (UserID, error) {
	row := userRow{NewID(), string(n.Email), n.Name, n.PasswordHash, string(n.Home), userActive, Micros(u.Now())}
	if n.Passkey != nil {
		row.ID = string(n.Passkey.User) // the authenticator knows its owner by it
	}
	err := tx.Create(&row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return "", ErrEmailTaken
	}
	if err != nil {
		return "", fmt.Errorf("create a user: %w", err)
	}
	if n.Passkey != nil {
		if _, err := n.Passkey.add(tx, UserID(row.ID), u.Now()); err != nil {
			return "", err
		}
	}
	return UserID(row.ID), nil
}

// Get finds a person by id. It fails with ErrUserUnknown.
func (u *Users) Get(ctx context.Context, id UserID) (User, error) {
	row, err := take(u.DB.WithContext(ctx).Where("id = ?", string(id)))
	return row.user(), err
}

// ByEmail finds a person by address. It fails with ErrUserUnknown.
func (u *Users) ByEmail(ctx context.Context, email Email) (User, error) {
	row, err := take(u.DB.WithContext(ctx).Where("email = ?", string(email)))
	return row.user(), err
}

// Names gives the display names of several people at once.
func (u *Users) Names(ctx context.Context, ids []UserID) (map[UserID]User, error) {
	var rows []userRow
	if err := u.DB.WithContext(ctx).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	found := make(map[UserID]User, len(rows))
	for _, r := range rows {
		found[UserID(r.ID)] = r.user()
	}
	return found, nil
}

// SetPassword replaces a person's password hash in the caller's transaction; it
// was fit to stand alone.
func (u *Users) SetPassword(tx *gorm.DB, id UserID, hash string) error {
	return u.change(tx, id, map[string]any{"password_hash": hash, "password_short": 0})
}

func (u *Users) change(tx *gorm.DB, id UserID, columns map[string]any) error {
	res := tx.Model(&userRow{}).Where("id = ?", string(id)).Updates(columns)
	if res.Error != nil {
		return fmt.Errorf("change a user: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrUserUnknown
	}
	return nil
}

func take(q *gorm.DB) (userRow, error) {
	var row userRow
	err := q.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, ErrUserUnknown
	}
	if err != nil {
		return row, fmt.Errorf("read a user: %w", err)
	}
	return row, nil
}
