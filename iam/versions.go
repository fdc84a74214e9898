package iam

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// How old the known version may be before it is read again, and before nobody
// may rely on it while another is reading: the bounds on how long a revoked
// right still works, here and on every other replica.
const (
	versionFresh = 100 * time.Millisecond
	versionStale = 500 * time.Millisecond
)

// Versions watches the one number that grows with every change of rights.
// What is remembered about anybody holds for one version only. Real time, not
// the services' clock, decides when to look again. Make it with NewVersions.
type Versions struct {
	db      *gorm.DB
	mu      sync.Mutex
	known   atomic.Pointer[knownVersion]
	changed atomic.Int64 // real time in nanoseconds until which a change of our own may be on its way
}

type knownVersion struct {
	n  int64
	at time.Time
}

// NewVersions watches the number in db.
func NewVersions(db *gorm.DB) *Versions { return &Versions{db: db} }

// Current gives the version, at most half a second old. An error means that
// nothing remembered may be relied on.
func (v *Versions) Current(ctx context.Context) (int64, error) {
	now := time.Now()
	k := v.known.Load()
	if k != nil && now.Sub(k.at) < versionFresh && now.UnixNano() > v.changed.Load() {
		return k.n, nil
	}
	if !v.mu.TryLock() {
		if k != nil && now.Sub(k.at) < versionStale && now.UnixNano() > v.changed.Load() {
			return k.n, nil // somebody is reading it just now
		}
		v.mu.Lock()
	}
	defer v.mu.Unlock()
	return v.read(ctx)
}

// Now reads the version afresh: before a refusal, so that what another replica
// granted a moment ago is not denied here.
func (v *Versions) Now(ctx context.Context) (int64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.read(ctx)
}

func (v *Versions) read(ctx context.Context) (int64, error) {
	at := time.Now() // before the read: what it finds is at least this new
	var n int64
	if err := v.db.WithContext(ctx).Raw("SELECT version FROM authz_version WHERE id = 1").Row().Scan(&n); err != nil {
		return 0, fmt.Errorf("read the version of rights: %w", err)
	}
	if k := v.known.Load(); k == nil || n >= k.n {
		v.known.Store(&knownVersion{n, at})
	}
	return n, nil
}

// Bump makes the version grow in the transaction that changes a right. It also
// takes turns: of two such transactions the second waits for the first. For two
// seconds after, this process reads the version at every question, since only
// the caller knows when the transaction commits.
func (v *Versions) Bump(tx *gorm.DB) error {
	v.changed.Store(time.Now().Add(2 * time.Second).UnixNano())
	if err := tx.Exec("UPDATE authz_version SET version = version + 1 WHERE id = 1").Error; err != nil {
		return fmt.Errorf("bump the version of rights: %w", err)
	}
	return nil
}
