package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// ErrLink is all that the bearer of a link hears that opens nothing: it may
// never have been, or be used, taken back or too old.
var ErrLink = fault.New(fault.Gone, "link-over", "This link is not, or no longer, good. Each works once and for a while; ask for a new one.")

// Purpose is the one thing that a link opens.
type Purpose string

// The links that are mailed, or handed on by a person.
const (
	LinkRecover Purpose = "recover" // choose a new password
	LinkConfirm Purpose = "confirm" // an address is the person's
	LinkAddress Purpose = "address" // an address shall become the person's
	LinkFound   Purpose = "found"   // an organisation is founded
)

// Link is a permission in the hands of whoever holds its token.
type Link struct {
	ID      string
	Purpose Purpose
	User    UserID // "" where nobody is known yet
	Email   Email  // the address that it is about
	Mailed  bool   // to that address, and shown to nobody
	By      UserID // who made it for somebody else; "": himself
	Held    []byte // what it finishes; sealed in the database
	Expires time.Time
}

// Links keeps them. A token is stored as a keyed hash only.
type Links struct {
	DB    *gorm.DB
	Vault *vault.Vault
	Now   func() time.Time
}

type linkRow struct {
	TokenHash []byte  `gorm:"column:token_hash;primaryKey"`
	ID        string  `gorm:"column:id"`
	Purpose   string  `gorm:"column:purpose"`
	UserID    *string `gorm:"column:user_id"`
	Email     string  `gorm:"column:email"`
	Mailed    bool    `gorm:"column:mailed"`
	MadeBy    string  `gorm:"column:made_by"`
	Sealed    []byte  `gorm:"column:sealed"`
	CreatedAt int64   `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt int64   `gorm:"column:expires_at"`
	UsedAt    *int64  `gorm:"column:used_at"`
}

func (linkRow) TableName() string { return "links" }

func linkCell(id string) vault.Cell { return vault.Cell{Column: "links.sealed", Row: id} }

func (l *Links) hash(p Purpose, token vault.Secret) []byte {
	return l.Vault.MAC("link-token", []byte(p), []byte(token.Reveal()))
}

// Make writes a link that lives so long, in the caller's transaction, and gives
// its token. Open links of the same purpose for the same person end.
func (l *Links) Make(tx *gorm.DB, link Link, life time.Duration) (vault.Secret, error) {
	if link.User != "" {
		if err := l.End(tx, link.User, link.Purpose); err != nil {
			return "", err
		}
	}
	token, now := RandomToken(), l.Now()
	row := linkRow{
		TokenHash: l.hash(link.Purpose, token), ID: NewID(), Purpose: string(link.Purpose), Email: string(link.Email), Mailed: link.Mailed,
		MadeBy: string(link.By), CreatedAt: Micros(now), ExpiresAt: Micros(now.Add(life)),
	}
	if link.User != "" {
		row.UserID = (*string)(&link.User)
	}
	if link.Held != nil {
		var err error
		if row.Sealed, err = l.Vault.Seal(tx, linkCell(row.ID), link.Held); err != nil {
			return "", fmt.Errorf("make a link: %w", err)
		}
	}
	if err := tx.Create(&row).Error; err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	return token, nil
}

// Find reads an open link and uses nothing up. It fails with ErrLink.
func (l *Links) Find(q *gorm.DB, p Purpose, token string) (Link, error) {
	secret, ok := ParseToken(token)
	if !ok {
		return Link{}, ErrLink
	}
	var row linkRow
	err := q.Where("token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?", l.hash(p, secret), string(p), Micros(l.Now())).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Link{}, ErrLink
	}
	if err != nil {
		return Link{}, fmt.Errorf("find a link: %w", err)
	}
	link := Link{ID: row.ID, Purpose: p, Email: Email(row.Email), Mailed: row.Mailed, By: UserID(row.MadeBy), Expires: Time(row.ExpiresAt)}
	if row.UserID != nil {
		link.User = UserID(*row.UserID)
	}
	if row.Sealed != nil {
		if link.Held, err = l.Vault.Open(q, linkCell(row.ID), row.Sealed); err != nil {
			return Link{}, fmt.Errorf("find a link: %w", err)
		}
	}
	return link, nil
}

// Use finds a link and uses it up in the caller's transaction: of two who hold
// it, one comes too late and hears ErrLink.
func (l *Links) Use(tx *gorm.DB, p Purpose, token string) (Link, error) {
	link, err := l.Find(tx, p, token)
	if err != nil {
		return Link{}, err
	}
	res := tx.Exec("UPDATE links SET used_at = ?, sealed = NULL WHERE id = ? AND used_at IS NULL", Micros(l.Now()), link.ID)
	if res.Error != nil {
		return Link{}, fmt.Errorf("use a link: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return Link{}, ErrLink
	}
	return link, nil
}

// End takes a person's open links of a purpose back, in the caller's transaction.
func (l *Links) End(tx *gorm.DB, user UserID, p Purpose) error {
	err := tx.Exec("UPDATE links SET used_at = ?, sealed = NULL WHERE user_id = ? AND purpose = ? AND used_at IS NULL", Micros(l.Now()), string(user), string(p)).Error
	if err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return nil
}

// Sweep forgets links that have been over for a while, a thousand at a time.
func (l *Links) Sweep(ctx context.Context) error {
	for {
		res := l.DB.WithContext(ctx).Exec("DELETE FROM links WHERE id IN (SELECT id FROM links WHERE expires_at <= ? LIMIT ?)", Micros(l.Now().Add(-SessionLife)), sweepBatch)
		if res.Error != nil {
			return fmt.Errorf("sweep links: %w", res.Error)
		}
		if res.RowsAffected < sweepBatch {
			return nil
		}
	}
}
