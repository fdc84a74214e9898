package audit

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"halfkey/iam/fault"
	"halfkey/migrations"
)

// Where an export stands.
const (
	Working = "working"
	Ready   = "ready"
	Broken  = "failed"
)

const (
	exportLife = 7 * 24 * time.Hour
	atOnce     = 20_000 // lines of the chain; a longer one is signed by a job
)

// ErrNoExport is for an export that is none, or whose time is over.
var ErrNoExport = fault.New(fault.NotFound, "export-unknown", "There is no such export, or its time is over. Make it again.")

// Export is a part of the trail that somebody takes away.
type Export struct {
	ID        string
	TenantID  string
	OrgID     string // where it was asked for
	Format    Format
	Filter    string // JSON
	State     string
	AtSeq     int64 // how far a job has come
	LastSeq   int64 // the newest line when it was asked for
	Lines     int64
	Bytes     int64
	Signature string
	AskedBy   string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
}

// TableName is for GORM.
func (Export) TableName() string { return "audit_exports" }

// Percent is how far the work has come.
func (e Export) Percent() int {
	if e.State == Ready || e.LastSeq == 0 {
		return 100
	}
	return int(100 * e.AtSeq / e.LastSeq)
}

// Name is the file's, without a path.
func (e Export) Name() string {
	return "trail-" + time.UnixMicro(e.CreatedAt).UTC().Format("2006-01-02") + "-" + e.ID[len(e.ID)-6:] + "." + string(e.Format)
}

func (e Export) filter() (f Filter, err error) {
	err = json.Unmarshal([]byte(e.Filter), &f)
	return f, err
}

// Export notes that the actor takes away the lines that fit, signs the file at
// once where the chain is short, and leaves it to a job where it is long. id is
// the export's new id, org where it is asked for.
func (t *Trail) Export(ctx context.Context, id, org string, f Filter, format Format) (Export, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return Export{}, err
	}
	now := t.config.Now()
	e := Export{ID: id, TenantID: f.Tenant, OrgID: org, Format: format, Filter: string(text), State: Working,
		AskedBy: ActorFrom(ctx).ID, CreatedAt: now.UnixMicro(), ExpiresAt: now.Add(exportLife).UnixMicro()}
	err = t.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Table("audit").Where("tenant_id = ?", f.Tenant).Select("COALESCE(MAX(seq), 0)").Scan(&e.LastSeq).Error; err != nil {
			return err
		}
		if err := tx.Create(&e).Error; err != nil {
			return err
		}
		if e.LastSeq > atOnce {
			if err := migrations.Enqueue(tx, ExportJob{ID: id}, nil); err != nil {
				return err
			}
		}
		return Record(ctx, tx, "audit.export", Object{Tenant: f.Tenant, Org: org, Type: "export", ID: id},
			Detail{"format": string(format), "filter": f.words(), "up_to": e.LastSeq})
	})
	if err != nil {
		return Export{}, fmt.Errorf("export: %w", err)
	}
	if e.LastSeq > atOnce {
		return e, nil
	}
	return e, t.finish(ctx, &e)
}

// words are the filter without the list of places, which may be long.
func (f Filter) words() Filter {
	f.Orgs = nil
	return f
}

// finish reads the lines once for the file's hash, and signs it.
func (t *Trail) finish(ctx context.Context, e *Export) error {
	sum, size := sha256.New(), new(counting)
	err := t.write(ctx, *e, io.MultiWriter(sum, size), func(lines, seq int64) error {
		e.Lines, e.AtSeq = lines, seq
		if lines%(20*batch) != 0 {
			return nil
		}
		return t.keep(ctx, *e)
	})
	if err != nil {
		return err
	}
	s := Signed{Tenant: e.TenantID, Format: e.Format, Lines: e.Lines, UpTo: e.LastSeq, By: e.AskedBy, At: day(time.UnixMicro(e.CreatedAt))}
	if s.Filter, err = e.filter(); err != nil {
		return err
	}
	if e.LastSeq > 0 {
		var heads [][]byte
		if err := t.db.WithContext(ctx).Table("audit").Where("tenant_id = ? AND seq = ?", e.TenantID, e.LastSeq).Pluck("mac", &heads).Error; err != nil {
			return err
		}
		if len(heads) == 1 {
			s.Head = fmt.Sprintf("%x", heads[0])
		}
	}
	if e.Signature, err = t.sign(s, fmt.Sprintf("%x", sum.Sum(nil))); err != nil {
		return err
	}
	e.Bytes, e.State, e.AtSeq = int64(*size), Ready, e.LastSeq
	return t.keep(ctx, *e)
}

func (t *Trail) keep(ctx context.Context, e Export) error {
	return t.db.WithContext(ctx).Model(&Export{}).Where("id = ?", e.ID).
		Updates(map[string]any{"state": e.State, "at_seq": e.AtSeq, "lines": e.Lines, "bytes": e.Bytes, "signature": e.Signature}).Error
}

func (t *Trail) write(ctx context.Context, e Export, w io.Writer, seen func(lines, seq int64) error) error {
	f, err := e.filter()
	if err != nil {
		return err
	}
	return Render(ctx, t.db, w, f, e.Format, e.LastSeq, seen)
}

// Download writes the file of an export that is ready.
func (t *Trail) Download(ctx context.Context, e Export, w io.Writer) error {
	if e.State != Ready {
		return ErrNoExport
	}
	return t.write(ctx, e, w, nil)
}

// FindExport reads an export of the tenant; who may have it is asked elsewhere.
func (t *Trail) FindExport(ctx context.Context, id string) (e Export, err error) {
	err = t.db.WithContext(ctx).Where("id = ? AND expires_at > ?", id, t.config.Now().UnixMicro()).Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return e, ErrNoExport
	}
	return e, err
}

// Exports lists the newest that were asked for in a place.
func (t *Trail) Exports(ctx context.Context, tenant, org string) (all []Export, err error) {
	err = t.db.WithContext(ctx).Where("tenant_id = ? AND org_id = ? AND expires_at > ?", tenant, org, t.config.Now().UnixMicro()).
		Order("id DESC").Limit(20).Find(&all).Error
	return all, err
}

// Sweep forgets exports whose time is over.
func (t *Trail) Sweep(ctx context.Context) error {
	return t.db.WithContext(ctx).Where("expires_at <= ?", t.config.Now().UnixMicro()).Delete(&Export{}).Error
}

// counting counts bytes.
type counting int64

func (c *counting) Write(p []byte) (int, error) {
	*c += counting(len(p))
	return len(p), nil
}

// ExportJob signs a large export.
type ExportJob struct {
	ID string `json:"id"`
}

// Kind names the job in the queue.
func (ExportJob) Kind() string { return "audit-export" }

// Exporter works on ExportJob.
type Exporter struct {
	river.WorkerDefaults[ExportJob]
	Trail *Trail
}

// Timeout is long: the whole trail of a large tenant may be asked for.
func (Exporter) Timeout(*river.Job[ExportJob]) time.Duration { return time.Hour }

// Work signs the export; the last attempt that fails says so on its page.
func (w *Exporter) Work(ctx context.Context, j *river.Job[ExportJob]) error {
	e, err := w.Trail.FindExport(ctx, j.Args.ID)
	if errors.Is(err, ErrNoExport) || err == nil && e.State != Working {
		return nil
	}
	if err == nil {
		err = w.Trail.finish(ctx, &e)
	}
	if err != nil && j.Attempt >= j.MaxAttempts {
		e.State = Broken
		return errors.Join(err, w.Trail.keep(context.WithoutCancel(ctx), e))
	}
	return err
}
