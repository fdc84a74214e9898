package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
)

// Job does one run.
type Job struct {
	Run string `json:"run"`
}

// Kind names the job in the queue.
func (Job) Kind() string { return "bulk" }

// Worker does runs as jobs.
type Worker struct {
	river.WorkerDefaults[Job]
	*Service
}

// Timeout leaves ten thousand deeds their time.
func (*Worker) Timeout(*river.Job[Job]) time.Duration { return time.Hour }

// Work does the run that the job names.
func (w *Worker) Work(ctx context.Context, j *river.Job[Job]) error { return w.Do(ctx, j.Args.Run) }

// Do goes on with a run where it stands. What was done just before an
// interruption may be done once more, which changes nothing; trouble of our own
// ends this attempt, and another goes on.
func (s *Service) Do(ctx context.Context, id string) error {
	q := s.DB.WithContext(ctx)
	var row runRow
	if err := q.Where("id = ? AND state <> ?", id, string(Ended)).Take(&row).Error; err != nil {
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		return err
	}
	doc, err := s.Vault.Open(q, row.cell(), row.Sealed)
	if err != nil {
		return err
	}
	var in input
	if err := json.Unmarshal(doc, &in); err != nil {
		return fmt.Errorf("read run %s: %w", id, err)
	}
	if Act(row.Act) == Import {
		if err := s.importFile(ctx, &row, in); err != nil {
			return err
		}
		return s.end(ctx, &row)
	}
	unread := row.Total - len(in.Items) // lines that were wrong from the start, and are counted
	for at := row.Done + row.Failed - unread; at < len(in.Items); {
		n := 1
		if Act(row.Act) == Serials {
			n = min(500, len(in.Items)-at)
		}
		if err := s.step(ctx, &row, in, in.Items[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	return s.end(ctx, &row)
}

// step does the next few and notes what came of it.
func (s *Service) step(ctx context.Context, row *runRow, in input, items []item) error {
	as, err := s.author(ctx, row, in)
	if err == nil {
		err = s.deed(as, Act(row.Act), in, items)
	}
	f := fault.Of(err)
	if f != nil && (f.Kind == fault.Internal || f.Kind == fault.Unavailable) {
		return err
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if f == nil {
			row.Done += len(items)
		}
		for _, one := range items {
			if f == nil {
				break
			}
			e := Error{Line: one.Line, Thing: one.Thing, Code: f.Code, What: f.Sentence}
			if len(f.Fields) > 0 {
				e.Field, e.What = f.Fields[0].Where, f.Fields[0].What
			}
			if err := note(tx, row, e); err != nil {
				return err
			}
		}
		return tx.Exec("UPDATE bulk_runs SET state = ?, done = ?, failed = ? WHERE id = ?", string(Running), row.Done, row.Failed, row.ID).Error
	})
}

// author is the context in which whoever asked acts now: what he, or his token,
// may no longer do is refused.
func (s *Service) author(ctx context.Context, row *runRow, in input) (context.Context, error) {
	ctx = audit.WithRequest(ctx, "run", row.ID)
	if in.Token != "" {
		ctx, _, err := s.Machines.EnterAgain(ctx, in.Token, "run")
		return ctx, err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: row.ActorType, ID: row.ActorID, Name: row.ActorName, OnBehalf: in.OnBehalf})
	return policies.WithAssurance(ctx, in.Assurance), nil
}

func (s *Service) deed(ctx context.Context, act Act, in input, items []item) error {
	id := iam.DeviceID(items[0].Thing)
	switch act {
	case Pause:
		return s.Devices.Suspend(ctx, id)
	case Resume:
		return s.Devices.Resume(ctx, id)
	case Move:
		return s.Devices.Move(ctx, id, in.To, orgs.With{})
	case Retire:
		return s.retire(ctx, id)
	case Invite:
		_, err := s.Orgs.InviteByMail(ctx, in.To, items[0].Thing, items[0].Role)
		return err
	case Serials:
		serials := make([]string, len(items))
		for i, one := range items {
			serials[i] = one.Thing
		}
		return s.Orgs.ListSerials(ctx, in.Key, serials)
	}
	return ErrAct
}

// retire types the serial itself: whoever asked for many has named them.
func (s *Service) retire(ctx context.Context, id iam.DeviceID) error {
	d, err := s.Devices.Get(ctx, id)
	if err != nil {
		return err
	}
	err = s.Devices.Retire(ctx, id, d.Serial)
	if errors.Is(err, devices.ErrRetired) {
		return nil
	}
	return err
}

func (s *Service) end(ctx context.Context, row *runRow) error {
	as := audit.WithActor(audit.WithRequest(ctx, "run", row.ID), audit.Actor{Type: row.ActorType, ID: row.ActorID, Name: row.ActorName})
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec("UPDATE bulk_runs SET state = ?, sealed = NULL, ended_at = ? WHERE id = ? AND state <> ?", string(Ended), iam.Micros(s.Now()), row.ID, string(Ended))
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return audit.Record(as, tx, "run.end", row.object(), audit.Detail{"act": row.Act, "done": row.Done, "failed": row.Failed})
	})
}

// errorsMost bounds what is kept of a run's failures; all are counted.
const errorsMost = 1000

// note counts a failure and keeps why.
func note(tx *gorm.DB, row *runRow, e Error) error {
	row.Failed++
	if row.Failed > errorsMost {
		return nil
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&errorRow{row.ID, row.Failed, e.Line, e.Field, e.Thing, e.Code, e.What}).Error
}

type errorRow struct {
	RunID string `gorm:"column:run_id;primaryKey"`
	Item  int    `gorm:"column:item;primaryKey;autoIncrement:false"`
	Line  int    `gorm:"column:line"`
	Field string `gorm:"column:field"`
	Thing string `gorm:"column:thing"`
	Code  string `gorm:"column:code"`
	What  string `gorm:"column:what"`
}

func (errorRow) TableName() string { return "bulk_errors" }
