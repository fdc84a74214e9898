package iam

import (
	"context"
	"fmt"
)

// sweepBatch is how many rows one deed of a sweep takes, so that nobody waits for it.
const sweepBatch = 1000

// Sweep forgets sessions that are over; Find lets nobody in with one of them any
// more; and tickets that were spent and are too old to be shown again. What is
// over stays so, so that it is looked for beside the writer.
func (s *Sessions) Sweep(ctx context.Context) error {
	now := s.Now()
	err := s.sweep(ctx, "DELETE FROM sessions WHERE token_hash IN ?", "SELECT token_hash FROM sessions WHERE expires_at <= ? OR seen_at <= ? LIMIT ?",
		Micros(now), Micros(now.Add(-SessionIdle)), sweepBatch)
	if err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	if err = s.sweep(ctx, "DELETE FROM spent_tickets WHERE hash IN ?", "SELECT hash FROM spent_tickets WHERE ends_at <= ? LIMIT ?", Micros(now), sweepBatch); err != nil {
		return fmt.Errorf("sweep tickets: %w", err)
	}
	return nil
}

func (s *Sessions) sweep(ctx context.Context, remove, find string, args ...any) error {
	for {
		var over [][]byte
		err := s.DB.WithContext(ctx).Raw(find, args...).Scan(&over).Error
		if err == nil && len(over) > 0 {
			err = s.DB.WithContext(ctx).Exec(remove, over).Error
		}
		if err != nil {
			return err
		}
		if len(over) < sweepBatch {
			return nil
		}
	}
}
