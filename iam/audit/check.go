package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/migrations"
)

// Check is what the last look at a tenant's chain found.
type Check struct {
	TenantID string `gorm:"primaryKey"`
	State    string // Working, Ready or Broken: the chain holds, or does not
	AskedBy  string
	AskedAt  int64
	EndedAt  *int64
	Lines    int64
	BadSeq   int64  // the first line that does not fit; 0 when it is about the seal file
	LastSeq  int64  // up to here nothing can be trusted
	What     string // what is wrong, in the words of the report
}

// TableName is for GORM.
func (Check) TableName() string { return "audit_checks" }

// checkAtOnce is how many lines a request checks itself: some tenths of a second.
const checkAtOnce = 50_000

// Check looks whether the tenant's chain holds and remembers the answer. A long
// chain is looked at by a job, and the answer is Working until then.
func (t *Trail) Check(ctx context.Context, tenant, org string) (Check, error) {
	c := Check{TenantID: tenant, State: Working, AskedBy: ActorFrom(ctx).ID, AskedAt: t.config.Now().UnixMicro()}
	err := t.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Table("audit").Where("tenant_id = ?", tenant).Select("COALESCE(MAX(seq), 0)").Scan(&c.LastSeq).Error; err != nil {
			return err
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&c).Error; err != nil {
			return err
		}
		if c.LastSeq > checkAtOnce {
			if err := migrations.Enqueue(tx, CheckJob{Tenant: tenant}, nil); err != nil {
				return err
			}
		}
		return Record(ctx, tx, "audit.check", Object{Tenant: tenant, Org: org, Type: "trail", ID: tenant}, nil)
	})
	if err != nil || c.LastSeq > checkAtOnce {
		return c, err
	}
	return t.look(ctx, tenant)
}

// look walks the chain and writes down what it found.
func (t *Trail) look(ctx context.Context, tenant string) (c Check, err error) {
	r, err := t.Verify(ctx, tenant)
	if err != nil {
		return c, fmt.Errorf("check the trail: %w", err)
	}
	now := t.config.Now().UnixMicro()
	c, found := Check{TenantID: tenant}, map[string]any{"state": Ready, "ended_at": now, "lines": r.Lines, "bad_seq": int64(0), "what": ""}
	if !r.OK() {
		p := r.Problems[len(r.Problems)-1] // the chain's own comes after the seal file's
		found["state"], found["bad_seq"], found["what"] = Broken, p.Seq, p.What
	}
	var last int64
	db := t.db.WithContext(ctx)
	if err := db.Table("audit").Where("tenant_id = ?", tenant).Select("COALESCE(MAX(seq), 0)").Scan(&last).Error; err != nil {
		return c, err
	}
	found["last_seq"] = last
	if err := db.Model(&Check{}).Where("tenant_id = ?", tenant).Updates(found).Error; err != nil {
		return c, err
	}
	c, _, err = t.LastCheck(ctx, tenant)
	return c, err
}

// LastCheck is what was found last; known is false where nobody has looked yet.
func (t *Trail) LastCheck(ctx context.Context, tenant string) (c Check, known bool, err error) {
	err = t.db.WithContext(ctx).Where("tenant_id = ?", tenant).Take(&c).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// CheckJob looks at a long chain.
type CheckJob struct {
	Tenant string `json:"tenant"`
}

// Kind names the job in the queue.
func (CheckJob) Kind() string { return "audit-check" }

// Checker works on CheckJob.
type Checker struct {
	river.WorkerDefaults[CheckJob]
	Trail *Trail
}

// Timeout is long: a chain may have millions of lines.
func (Checker) Timeout(*river.Job[CheckJob]) time.Duration { return time.Hour }

// Work looks.
func (w *Checker) Work(ctx context.Context, j *river.Job[CheckJob]) error {
	_, err := w.Trail.look(ctx, j.Args.Tenant)
	return err
}
