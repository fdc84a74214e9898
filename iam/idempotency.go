package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// How long an answer is kept for the same request, and how long a request may
// be at work before its answer counts as lost.
const (
	answerLife = 24 * time.Hour
	answerWait = 90 * time.Second
)

// AnswerMost is how long an answer may be that is kept, in bytes.
const AnswerMost = 256 << 10

// What can be said about a request that comes again.
var (
	ErrKeyMalformed = fault.New(fault.Malformed, "idempotency-key", "Write 1 to 200 printable characters into Idempotency-Key.")
	ErrKeyReused    = fault.New(fault.Unprocessable, "idempotency-reused", "This Idempotency-Key came with another request before. Draw a new one.")
	ErrInFlight     = fault.New(fault.Conflict, "idempotency-in-flight", "The same request is being done just now. Ask again in a moment.")
	ErrAnswerLost   = fault.New(fault.Conflict, "idempotency-lost", "This was done, and its answer is lost. Look at what is there now.")
)

// Answers keeps what was answered to requests that carry a key of the caller's,
// so that one which comes twice is done once. All fields are needed.
type Answers struct {
	DB    *gorm.DB
	Vault *vault.Vault
	Now   func() time.Time
}

// Asked is a request with its key: who asks, what he calls it, a hash of all
// that it says, and the id under which the trail knows it.
type Asked struct {
	Who     string
	Key     string
	Request [32]byte
	ID      string
}

type answerRow struct {
	KeyHash     []byte `gorm:"column:key_hash;primaryKey"`
	ID          string `gorm:"column:id"`
	RequestHash []byte `gorm:"column:request_hash"`
	RequestID   string `gorm:"column:request_id"`
	Status      int    `gorm:"column:status"` // zero while it is at work
	Sealed      []byte `gorm:"column:sealed"`
	CreatedAt   int64  `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt   int64  `gorm:"column:expires_at"`
}

func (answerRow) TableName() string { return "idempotency" }

func answerCell(id string) vault.Cell { return vault.Cell{Column: "idempotency.sealed", Row: id} }

// ParseIdempotencyKey takes the header's value. It fails with ErrKeyMalformed.
func ParseIdempotencyKey(s string) (string, error) {
	if len(s) < 1 || len(s) > 200 {
		return "", ErrKeyMalformed
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return "", ErrKeyMalformed
		}
	}
	return s, nil
}

// Begin notes that a request is at work. When it was answered before, it gives
// that answer and its status instead; otherwise the caller does the deed and
// then calls Keep or Forget. It fails with ErrKeyReused, ErrInFlight or
// ErrAnswerLost.
func (a *Answers) Begin(ctx context.Context, r Asked) (answer []byte, status int, err error) {
	now := a.Now()
	row := answerRow{KeyHash: a.hash(r), ID: NewID(), RequestHash: r.Request[:], RequestID: r.ID, CreatedAt: Micros(now), ExpiresAt: Micros(now.Add(answerLife))}
	err = a.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM idempotency WHERE key_hash = ? AND expires_at <= ?", row.KeyHash, row.CreatedAt).Error; err != nil {
			return err
		}
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}
		answer, status, err = a.again(tx, row)
		return err
	})
	if _, told := errors.AsType[*fault.Fault](err); err != nil && !told {
		return nil, 0, fmt.Errorf("begin a request: %w", err)
	}
	return answer, status, err
}

// again judges a request whose key is known. One that began long ago and has no
// answer was interrupted: the trail tells whether its deed was done.
func (a *Answers) again(tx *gorm.DB, now answerRow) ([]byte, int, error) {
	var before answerRow
	if err := tx.Where("key_hash = ?", now.KeyHash).Take(&before).Error; err != nil {
		return nil, 0, err
	}
	if string(before.RequestHash) != string(now.RequestHash) {
		return nil, 0, ErrKeyReused
	}
	if before.Status != 0 {
		answer, err := a.Vault.Open(tx, answerCell(before.ID), before.Sealed)
		return answer, before.Status, err
	}
	if now.CreatedAt-before.CreatedAt < answerWait.Microseconds() {
		return nil, 0, ErrInFlight.Retry(time.Second)
	}
	done := false
	err := tx.Raw("SELECT EXISTS (SELECT 1 FROM audit WHERE request_id = ? AND at >= ?)", before.RequestID, before.CreatedAt).Row().Scan(&done)
	if err == nil && done {
		err = ErrAnswerLost
	}
	if err != nil {
		return nil, 0, err
	}
	res := tx.Exec("UPDATE idempotency SET request_id = ?, created_at = ? WHERE key_hash = ? AND request_id = ?", now.RequestID, now.CreatedAt, now.KeyHash, before.RequestID)
	if res.Error == nil && res.RowsAffected == 0 {
		return nil, 0, ErrInFlight.Retry(time.Second)
	}
	return nil, 0, res.Error
}

// Keep notes the answer to a request whose deed is done.
func (a *Answers) Keep(ctx context.Context, r Asked, status int, answer []byte) error {
	err := a.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var row answerRow
		if err := tx.Where("key_hash = ?", a.hash(r)).Take(&row).Error; err != nil {
			return err
		}
		sealed, err := a.Vault.Seal(tx, answerCell(row.ID), answer)
		if err != nil {
			return err
		}
		return tx.Exec("UPDATE idempotency SET status = ?, sealed = ? WHERE key_hash = ?", status, sealed, row.KeyHash).Error
	})
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// Forget lets a request that changed nothing be asked again under its key.
func (a *Answers) Forget(ctx context.Context, r Asked) error {
	if err := a.DB.WithContext(ctx).Exec("DELETE FROM idempotency WHERE key_hash = ? AND status = 0", a.hash(r)).Error; err != nil {
		return fmt.Errorf("forget a request: %w", err)
	}
	return nil
}

// Sweep drops answers that are too old, a thousand at a time.
func (a *Answers) Sweep(ctx context.Context) error {
	const some = "DELETE FROM idempotency WHERE key_hash IN (SELECT key_hash FROM idempotency WHERE expires_at <= ? LIMIT 1000)"
	for {
		res := a.DB.WithContext(ctx).Exec(some, Micros(a.Now()))
		if res.Error != nil {
			return fmt.Errorf("sweep answers: %w", res.Error)
		}
		if res.RowsAffected < 1000 {
			return nil
		}
	}
}

// hash names a request by who asks, so that nobody meets another's key.
func (a *Answers) hash(r Asked) []byte {
	return a.Vault.MAC("idempotency-key", []byte(r.Who), []byte(r.Key))
}
