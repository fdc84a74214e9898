package iam

import (
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/limit"
	"halfkey/iam/recall"
	"halfkey/iam/vault"
)

// How long a session lives: without use, and at all.
const (
	SessionIdle = 14 * 24 * time.Hour
	SessionLife = 90 * 24 * time.Hour
)

// ErrSignedOut says that a token opens no session: unknown, ended or too old.
var ErrSignedOut = fault.New(fault.Unauthenticated, "signed-out", "Sign in first.")

// FreshFor is how long after somebody proved who he is he may do dangerous
// things without proving it again.
const FreshFor = 10 * time.Minute

// Session is one browser in which a person is signed in.
type Session struct {
	ID         SessionID
	User       UserID
	Name       string
	Email      Email
	Home       OrgID
	CreatedAt  time.Time
	Method     Method    // the best way in which he has proved who he is
	Assurance  Assurance // what that is worth
	VerifiedAt time.Time // when he last did
	ExpiresAt  time.Time
	seenAt     time.Time
}

// Fresh tells whether the person proved who he is a short while ago.
func (s Session) Fresh(now time.Time) bool { return now.Sub(s.VerifiedAt) < FreshFor }

// Actor is the person as the trail names him.
func (s Session) Actor() audit.Actor {
	return audit.Actor{Type: "user", ID: string(s.User), Name: s.Name}
}

// Sessions keeps who is signed in. Tokens are stored as a keyed hash only.
// Make it with NewSessions.
type Sessions struct {
	SessionParts
	known *recall.Memory[[32]byte, Session]
}

// SessionParts is what Sessions is made of. Trail may be nil: then wrong
// passwords are not on the record.
type SessionParts struct {
	DB        *gorm.DB
	Vault     *vault.Vault
	Users     *Users
	Passwords *Passwords
	Limits    *limit.Limiter
	Versions  *Versions
	Trail     *audit.Trail
	Now       func() time.Time
}

// NewSessions joins the parts. A session is remembered for half a second at most.
func NewSessions(p SessionParts) *Sessions {
	return &Sessions{p, recall.New[[32]byte, Session](10_000, 500*time.Millisecond)}
}

type sessionRow struct {
	TokenHash  []byte `gorm:"column:token_hash;primaryKey"`
	UserID     string `gorm:"column:user_id"`
	CreatedAt  int64  `gorm:"column:created_at;autoCreateTime:false"`
	SeenAt     int64  `gorm:"column:seen_at"`
	ExpiresAt  int64  `gorm:"column:expires_at"`
	VerifiedAt int64  `gorm:"column:verified_at"`
	Address    string `gorm:"column:address"`
	Agent      string `gorm:"column:agent"`
	ID         string `gorm:"column:id"`
	Method     string `gorm:"column:method"`
}

func (sessionRow) TableName() string { return "sessions" }

func (s *Sessions) hash(token vault.Secret) [32]byte {
	return [32]byte(s.Vault.MAC("session-token", []byte(token.Reveal())))
}
