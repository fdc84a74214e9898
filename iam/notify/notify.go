// Package notify tells people things: by mail where a mail server is set up,
// and as notices that wait on their home page. A letter is put in with the deed
// that causes it; what it says, which may be a link that is a permission, lies
// sealed until it was sent. The package knows no words: who is told what in
// which words is somebody else's.
package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/vault"
	"halfkey/migrations"
)

// Data fills the words of a letter or notice. A value under Path is an address
// of ours without the host, beginning with a slash.
type Data map[string]string

// Path is where in Data a letter's link is.
const Path = "Path"

// Letter is one mail to one address.
type Letter struct {
	Kind string // which words it is written in
	To   string // an address in the form of iam.Email
	Data Data
	Life time.Duration // how long it is worth sending; zero: as long as we try
}

// Words are a letter as it is sent. HTML says the same as Text.
type Words struct{ Subject, Text, HTML string }

// Service tells. With Mailer nil there is no mail, and notices only.
type Service struct {
	DB     *gorm.DB
	Vault  *vault.Vault
	Mailer *Mailer
	Write  func(kind string, d Data) (Words, error) // Data holds Link, whole, where it held Path
	Base   func(context.Context) string             // where people reach us, never taken from a request; no slash at the end
	Now    func() time.Time
	Log    *slog.Logger

	// Later are letters that are not mail yet: what is to be said, and to whom, is
	// found out by the job, so that whoever asked for it learns nothing from
	// how long the answer took. Each runs in the transaction that ends the letter.
	Later map[string]func(ctx context.Context, tx *gorm.DB, l Letter) error
}

// On reports whether mail can be sent.
func (s *Service) On() bool { return s != nil && s.Mailer != nil }

// Letters are tried for three days and remembered, without what they said, for thirty.
const (
	lettersTried = 72 * time.Hour
	lettersKept  = 30 * 24 * time.Hour
)

// What became of a letter.
const (
	waiting = "waiting"
	sent    = "sent"
	refused = "refused" // by the receiver's server
	late    = "late"    // it was of no use any more
	settled = "settled" // another letter, or none, followed from it
)

type letterRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Kind      string `gorm:"column:kind"`
	State     string `gorm:"column:state"`
	Sealed    []byte `gorm:"column:sealed"`
	CreatedAt int64  `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt int64  `gorm:"column:expires_at"`
	EndedAt   *int64 `gorm:"column:ended_at"`
}

func (letterRow) TableName() string { return "letters" }

// content is what lies sealed.
type content struct {
	To   string `json:"to"`
	Data Data   `json:"data"`
}

func cell(id string) vault.Cell { return vault.Cell{Column: "letters.sealed", Row: id} }

// ErrOff says that a letter was put in where nobody can send it.
var ErrOff = errors.New("notify: there is no mail server")

// Mail puts a letter in as part of tx: it leaves after the commit, and never
// when tx is rolled back.
func (s *Service) Mail(ctx context.Context, tx *gorm.DB, l Letter) error {
	if !s.On() {
		return ErrOff
	}
	if strings.ContainsAny(l.To, "\r\n\x00") {
		return fmt.Errorf("notify: a letter to what is no address")
	}
	text, err := json.Marshal(content{l.To, l.Data})
	if err != nil {
		return fmt.Errorf("put in a letter: %w", err)
	}
	now, life := s.Now(), l.Life
	if life <= 0 || life > lettersTried {
		life = lettersTried
	}
	row := letterRow{ID: newID(), Kind: l.Kind, State: waiting, CreatedAt: now.UnixMicro(), ExpiresAt: now.Add(life).UnixMicro()}
	if row.Sealed, err = s.Vault.Seal(tx, cell(row.ID), text); err != nil {
		return fmt.Errorf("put in a letter: %w", err)
	}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("put in a letter: %w", err)
	}
	return migrations.Enqueue(tx, Delivery{Letter: row.ID}, nil)
}

// newID draws 26 characters, 130 random bits.
func newID() string { return strings.ToLower(rand.Text()) }

// sweepBatch is how many rows one deed of a sweep takes, so that nobody waits for it.
const sweepBatch = 1000

// Sweep wipes letters that nobody will send any more, and forgets old ones and
// notices that were put away.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Now()
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE letters SET state = ?, sealed = NULL, ended_at = ? WHERE id IN (SELECT id FROM letters WHERE state = ? AND expires_at <= ? LIMIT ?)",
			[]any{late, now.UnixMicro(), waiting, now.UnixMicro(), sweepBatch}},
		{"DELETE FROM letters WHERE id IN (SELECT id FROM letters WHERE expires_at <= ? LIMIT ?)", []any{now.Add(-lettersKept).UnixMicro(), sweepBatch}},
		{"DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE dismissed_at <= ? LIMIT ?)", []any{now.Add(-lettersKept).UnixMicro(), sweepBatch}},
	} {
		for {
			res := s.DB.WithContext(ctx).Exec(q.sql, q.args...)
			if res.Error != nil {
				return fmt.Errorf("sweep letters: %w", res.Error)
			}
			if res.RowsAffected < sweepBatch {
				break
			}
		}
	}
	return nil
}
