package connectors

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"halfkey/iam"
)

// What one round reads at most.
const (
	roundTime = 50 * time.Second
	roundMost = 500 // channels
	roundWide = 4   // connectors at once
)

const dueToRead = `SELECT p.id, p.connector_id FROM projections p JOIN connectors c ON c.id = p.connector_id
WHERE p.read_due_at <= ? AND p.state IN ('ready', 'held') AND p.external_id IS NOT NULL AND c.state = 'active' AND c.retry_at <= ? AND c.provider IN ?
ORDER BY p.read_due_at LIMIT ?`

// ReadDue makes those copies good whose turn it is, though nobody looks: so it is
// noticed when a device falls silent. Of one connector one channel is read at a time.
func (d *Desk) ReadDue(ctx context.Context) error {
	readers := []string{""} // a list in SQL is never empty
	for name, s := range d.Services {
		if _, reads := s.(Reader); reads {
			readers = append(readers, name)
		}
	}
	now := iam.Micros(d.Now())
	var due []struct{ ID, ConnectorID string }
	if err := d.db(ctx).Raw(dueToRead, now, now, readers, roundMost).Scan(&due).Error; err != nil {
		return fmt.Errorf("find channels to read: %w", err)
	}
	of := map[string][]string{}
	for _, r := range due {
		of[r.ConnectorID] = append(of[r.ConnectorID], r.ID)
	}
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	var working sync.WaitGroup
	var mu sync.Mutex
	var all error
	free := make(chan struct{}, roundWide)
	for _, channels := range of {
		free <- struct{}{}
		working.Go(func() {
			defer func() { <-free }()
			for _, id := range channels {
				if ctx.Err() != nil {
					return
				}
				if err := d.read(ctx, id); err != nil {
					mu.Lock()
					all = errors.Join(all, fmt.Errorf("read channel %s: %w", id, err))
					mu.Unlock()
				}
			}
		})
	}
	working.Wait()
	return all
}
