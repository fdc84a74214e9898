package connectors

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// A Desk does outside what was written down as wanted: it makes, changes and ends
// channels, finds those whose making nobody is sure of, and compares what is
// there with what should be. One desk at a time works for a connector, whatever
// the number of replicas.
type Desk struct {
	DB       *gorm.DB
	Vault    *vault.Vault
	Decider  *policies.Decider
	Services map[string]Service // by Service.Name
	Now      func() time.Time
	Log      *slog.Logger
	Patience time.Duration // with one call; 0: ten seconds

	// Keeps has our copies of what channels outside hold; nil: they are not read.
	Keeps Copies

	// Told hears in the same transaction what became of a channel; nil: nobody listens.
	Told func(ctx context.Context, tx *gorm.DB, n News) error
	// After runs when that transaction is over; nil: nothing does.
	After func(n News)

	mu      sync.Mutex
	again   bool // somebody has woken it
	busy    bool
	working sync.WaitGroup
	stop    chan struct{}
	lists   map[ID]*inventory        // the last of each connector
	reading map[string]chan struct{} // by channel, closed when it is read
}

// News is what became of a channel.
type News struct {
	Kind    string // ready, lost, keys: it has others than before, or copy
	Tenant  iam.OrgID
	Channel string
}

// The kinds of News.
const (
	NewsReady = "ready"
	NewsLost  = "lost"
	NewsKeys  = "keys"
	NewsCopy  = "copy" // its readings come again, or do not: Told does not hear it
)

const (
	callTime   = 10 * time.Second
	leaseTime  = time.Minute // for one desk to work for a connector
	sweepEvery = time.Hour
	wakeAfter  = 40 * time.Millisecond // the wish's transaction is over by then, as a rule
	atOnce     = 200                   // projections
)

// account is a connector with all that work for it needs.
type account struct {
	Connector
	Settings   string `gorm:"column:settings"`
	Secrets    []byte `gorm:"column:secrets_sealed"`
	Fails      int64  `gorm:"column:fails"`
	RetryAt    int64  `gorm:"column:retry_at"`
	Trouble    string `gorm:"column:trouble"`
	TroubleAt  *int64 `gorm:"column:trouble_at"`
	ListedAt   *int64 `gorm:"column:listed_at"`
	Listed     *int64 `gorm:"column:listed"`
	LeaseUntil int64  `gorm:"column:lease_until"`

	service Service `gorm:"-"`
	access  Access  `gorm:"-"`
}

func secretCell(tenant iam.OrgID, id ID) vault.Cell {
	return vault.Cell{Tenant: string(tenant), Column: "connectors.secrets_sealed", Row: string(id)}
}

// Wake has the desk look soon, without waiting for the timetable.
func (d *Desk) Wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped() // makes what Stop closes
	if d.again = true; !d.busy {
		d.busy = true
		d.working.Go(d.look)
	}
}

// look runs as long as somebody wakes it.
func (d *Desk) look() {
	ctx, cancel := d.untilStop()
	defer cancel()
	for {
		select {
		case <-time.After(wakeAfter):
		case <-ctx.Done():
		}
		d.mu.Lock()
		if !d.again || ctx.Err() != nil {
			d.busy = false
			d.mu.Unlock()
			return
		}
		d.again = false
		d.mu.Unlock()
		if err := d.Run(ctx); err != nil && ctx.Err() == nil {
			d.Log.Error("connectors: what is wanted outside was not done", "error", err)
		}
	}
}

// Stop ends what Wake began. What is under way is found again at the next start.
func (d *Desk) Stop() {
	d.mu.Lock()
	if !d.stopped() {
		close(d.stop)
	}
	d.mu.Unlock()
	d.working.Wait()
}

const dueConnectors = `SELECT * FROM connectors c WHERE c.state = 'active' AND c.secrets_sealed IS NOT NULL AND c.trouble <> 'account' AND c.retry_at <= ? AND c.lease_until <= ?
AND (c.listed_at IS NULL OR c.listed_at <= ? OR EXISTS (SELECT 1 FROM projections p WHERE p.connector_id = c.id AND p.pending <> '' AND p.due_at <= ?)) ORDER BY c.id`

// Run does what is due, connector by connector; those that are in trouble wait
// until it may be over. One's trouble is not the next one's.
func (d *Desk) Run(ctx context.Context) error {
	now := iam.Micros(d.Now())
	var due []account
	if err := d.db(ctx).Raw(dueConnectors, now, now, now-sweepEvery.Microseconds(), now).Scan(&due).Error; err != nil {
		return fmt.Errorf("find due connectors: %w", err)
	}
	var all error
	for i := range due {
		if err := d.work(ctx, &due[i]); err != nil {
			all = errors.Join(all, fmt.Errorf("connector %s: %w", due[i].ID, err))
		}
	}
	return all
}

func (d *Desk) db(ctx context.Context) *gorm.DB { return d.DB.WithContext(ctx) }

// patient bounds one call.
func (d *Desk) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(d.Patience, callTime))
}

// open finds the service and opens what it needs.
func (d *Desk) open(ctx context.Context, a *account) error {
	if a.service = d.Services[a.Provider]; a.service == nil {
		return fmt.Errorf("no service %q", a.Provider)
	}
	if err := a.settings(); err != nil {
		return err
	}
	secret, err := d.Vault.Open(d.db(ctx), secretCell(a.Tenant, a.ID), a.Secrets)
	a.access.Secret = vault.Secret(secret)
	return err
}

func (a *account) settings() error {
	return json.Unmarshal([]byte(a.Settings), &a.access.Settings)
}

// lease keeps other desks away for a minute from now, unless one is there.
func (d *Desk) lease(ctx context.Context, a *account) (bool, error) {
	now := iam.Micros(d.Now())
	until := now + leaseTime.Microseconds()
	res := d.db(ctx).Exec(`UPDATE connectors SET lease_until = ? WHERE id = ? AND state = 'active' AND (lease_until = ? OR lease_until <= ?)`, until, a.ID, a.LeaseUntil, now)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	a.LeaseUntil = until
	return true, nil
}

func (d *Desk) release(ctx context.Context, a *account) error {
	return d.db(context.WithoutCancel(ctx)).Exec(`UPDATE connectors SET lease_until = 0, listed = ? WHERE id = ? AND lease_until = ?`, a.Listed, a.ID, a.LeaseUntil).Error
}

// work does what is due for one connector. It begins with a list of what is
// there, so that nothing is made twice.
func (d *Desk) work(ctx context.Context, a *account) (err error) {
	if err := d.open(ctx, a); err != nil {
		return err
	}
	if mine, err := d.lease(ctx, a); err != nil || !mine {
		return err
	}
	ctx, keep := d.Counted(ctx, a.ID)
	defer keep()
	var there *inventory
	defer func() {
		if there != nil {
			n := int64(len(there.byID))
			a.Listed = &n
		}
		err = errors.Join(err, d.release(ctx, a))
	}()
	sweep := a.ListedAt == nil || *a.ListedAt <= iam.Micros(d.Now().Add(-sweepEvery))
	if there, err = d.inventory(ctx, a, sweep); err != nil {
		return d.trouble(ctx, a, err)
	}
	if err := d.well(ctx, a, len(there.byID)); err != nil {
		return err
	}
	if sweep {
		if err := d.sweep(ctx, a, there); err != nil {
			return err
		}
	}
	if err := d.stock(ctx, a); err != nil {
		return err
	}
	for {
		var due []Projection
		if err := d.db(ctx).Where("connector_id = ? AND pending <> '' AND due_at <= ?", a.ID, iam.Micros(d.Now())).Order("created_at, id").Limit(atOnce).Find(&due).Error; err != nil {
			return err
		}
		for i := range due {
			if mine, err := d.lease(ctx, a); err != nil || !mine {
				return err
			}
			more, err := d.step(ctx, a, there, &due[i])
			if err != nil || !more {
				return err
			}
		}
		if len(due) < atOnce {
			return nil
		}
	}
}
