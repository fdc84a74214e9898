// Package policies decides who may do what where. Casbin judges the rules; who
// holds which role where (assignments) and what lies below what (the closure)
// is kept here, so that every folder above may ask. It knows nothing of what
// the organisations do.
package policies

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/recall"
)

// The ways of saying no. ErrHidden answers whoever may not even know that
// the place exists, and is the same as for what never was.
var (
	ErrHidden  = fault.New(fault.NotFound, "not-found", "There is no such thing here, or it is not yours to see.")
	ErrRefused = fault.New(fault.Refused, "not-allowed", "Your role here does not allow that.")
)

// ErrUnproved says that the place asks for more than the sign-in was worth.
var ErrUnproved = fault.New(fault.Refused, "proof-needed", "This place asks for a better sign-in: use a passkey, or a password and a code.")

// Decider judges. Make it with New. What it remembers about people and places
// holds for one version of rights.
type Decider struct {
	db       *gorm.DB
	versions *iam.Versions
	now      func() time.Time
	policy   atomic.Pointer[policy]
	learning sync.Mutex // a new policy
	seats    *recall.Memory[iam.UserID, []seat]
	lines    *recall.Memory[iam.OrgID, line]
	limits   *recall.Memory[struct{}, *limits]
	wide     *recall.Memory[uint64, spelled]
}

// New compiles the rules and checks them; it fails rather than judge by a
// policy that is not whole.
func New(ctx context.Context, db *gorm.DB, versions *iam.Versions, now func() time.Time) (*Decider, error) {
	extra, err := readExtra(db.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	p, err := newPolicy(0, extra)
	if err != nil {
		return nil, err
	}
	d := &Decider{
		db: db, versions: versions, now: now,
		seats:  recall.New[iam.UserID, []seat](20_000, time.Minute),
		lines:  recall.New[iam.OrgID, line](20_000, time.Minute),
		limits: recall.New[struct{}, *limits](1, time.Minute),
		wide:   recall.New[uint64, spelled](64, time.Minute),
	}
	d.policy.Store(p)
	return d, nil
}

// Version is the version of rights, at most half a second old.
func (d *Decider) Version(ctx context.Context) (int64, error) { return d.versions.Current(ctx) }

// Bump tells every replica, in the transaction that changes a right, to forget
// what it remembers.
func (d *Decider) Bump(tx *gorm.DB) error { return d.versions.Bump(tx) }

// Asking is who acts in ctx, a person or a service account, or through whose eyes
// somebody looks. Devices, the system and strangers hold no roles.
func Asking(ctx context.Context) (iam.UserID, bool) {
	if user := eyesIn(ctx); user != "" {
		return user, true
	}
	a := audit.ActorFrom(ctx)
	return iam.UserID(a.ID), (a.Type == "user" || a.Type == "service") && a.ID != ""
}
