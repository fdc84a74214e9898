package bulk

import (
	"context"
	"fmt"
	"time"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// runLife is how long a run is shown after it has ended.
const runLife = 30 * 24 * time.Hour

// within tells whether a token that was cut may know of a run of its person's: it
// could have begun it.
func (s *Service) within(ctx context.Context, r runRow) bool {
	return policies.Whole(ctx) || s.Decider.May(ctx, needs[Act(r.Act)], iam.OrgID(r.OrgID))
}

// Get is a run of whoever acts in ctx, with what came to nothing. It fails with
// ErrUnknown.
func (s *Service) Get(ctx context.Context, id string) (Run, error) {
	q := s.DB.WithContext(ctx)
	row, err := find(q, id, audit.ActorFrom(ctx))
	if err != nil {
		return Run{}, err
	}
	if !s.within(ctx, row) {
		return Run{}, ErrUnknown
	}
	run := row.run()
	var wrong []errorRow
	if err := q.Where("run_id = ?", id).Order("item").Find(&wrong).Error; err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	for _, e := range wrong {
		run.Errors = append(run.Errors, Error{e.Line, e.Field, e.Thing, e.Code, e.What})
	}
	return run, nil
}

// List gives the runs of whoever acts in ctx, the newest first.
func (s *Service) List(ctx context.Context) ([]Run, error) {
	who := audit.ActorFrom(ctx)
	var rows []runRow
	err := s.DB.WithContext(ctx).Where("actor_type = ? AND actor_id = ?", who.Type, who.ID).Order("id DESC").Limit(500).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	all := make([]Run, 0, len(rows))
	for _, r := range rows {
		if s.within(ctx, r) {
			all = append(all, r.run())
		}
	}
	return all, nil
}

// Sweep drops runs that ended long ago.
func (s *Service) Sweep(ctx context.Context) error {
	const some = "DELETE FROM bulk_runs WHERE id IN (SELECT id FROM bulk_runs WHERE ended_at <= ? LIMIT 100)"
	for {
		res := s.DB.WithContext(ctx).Exec(some, iam.Micros(s.Now().Add(-runLife)))
		if res.Error != nil {
			return fmt.Errorf("sweep runs: %w", res.Error)
		}
		if res.RowsAffected < 100 {
			return nil
		}
	}
}
