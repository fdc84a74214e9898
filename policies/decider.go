// Package policies decides who may do what where. Casbin judges the rules; who
// holds which role where (assignments) and what lies below what (the closure)
// is kept here, so that every folder above may ask. It knows nothing of what
// the organisations do.
package policies

import (
	"context"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/recall"
)

// The two ways of saying no. ErrHidden answers whoever may not even know that
// the place exists, and is the same as for what never was.
var (
	ErrHidden  = fault.New(fault.NotFound, "not-found", "There is no such thing here, or it is not yours to see.")
	ErrRefused = fault.New(fault.Refused, "not-allowed", "Your role here does not allow that.")
)

// Decider judges. Make it with New. What it remembers about people and places
// holds for one version of rights.
type Decider struct {
	db       *gorm.DB
	versions *iam.Versions
	now      func() time.Time
	table    *table
	seats    *recall.Memory[iam.UserID, []seat]
	lines    *recall.Memory[iam.OrgID, line]
	stops    *recall.Memory[struct{}, []place]
}

// New compiles the rules and checks them; it fails rather than judge by a
// policy that is not whole.
func New(_ context.Context, db *gorm.DB, versions *iam.Versions, now func() time.Time) (*Decider, error) {
	t, err := compile(shipped)
	if err != nil {
		return nil, err
	}
	return &Decider{
		db: db, versions: versions, now: now, table: t,
		seats: recall.New[iam.UserID, []seat](20_000, time.Minute),
		lines: recall.New[iam.OrgID, line](20_000, time.Minute),
		stops: recall.New[struct{}, []place](1, time.Minute),
	}, nil
}

// Version is the version of rights, at most half a second old.
func (d *Decider) Version(ctx context.Context) (int64, error) { return d.versions.Current(ctx) }

// Bump tells every replica, in the transaction that changes a right, to forget
// what it remembers.
func (d *Decider) Bump(tx *gorm.DB) error { return d.versions.Bump(tx) }

// Asking is the person who acts in ctx. Devices, the system and strangers hold
// no roles.
func Asking(ctx context.Context) (iam.UserID, bool) {
	a := audit.ActorFrom(ctx)
	return iam.UserID(a.ID), a.Type == "user" && a.ID != ""
}
