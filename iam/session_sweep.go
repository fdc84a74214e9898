package iam

import (
	"context"
	"fmt"
)

// sweepBatch is how many rows one deed of a sweep takes, so that nobody waits for it.
const sweepBatch = 1000

// Sweep forgets sessions that are over; Find lets nobody in with one of them any
// more. What is over stays so, so that they are looked for beside the writer.
func (s *Sessions) Sweep(ctx context.Context) error {
	now := s.Now()
	for {
		var over [][]byte
		err := s.DB.WithContext(ctx).Raw("SELECT token_hash FROM sessions WHERE expires_at <= ? OR seen_at <= ? LIMIT ?",
			Micros(now), Micros(now.Add(-SessionIdle)), sweepBatch).Scan(&over).Error
		if err == nil && len(over) > 0 {
			err = s.DB.WithContext(ctx).Exec("DELETE FROM sessions WHERE token_hash IN ?", over).Error
		}
		if err != nil {
			return fmt.Errorf("sweep sessions: %w", err)
		}
		if len(over) < sweepBatch {
			return nil
		}
	}
}
