package policies

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Find reads a role that somebody holds, or that waits for his word. It asks
// nobody: for those who judge what is done with it.
func (d *Decider) Find(ctx context.Context, id iam.AssignmentID) (Assignment, error) {
	var row assignmentRow
	err := d.db.WithContext(ctx).Where("id = ? AND ended_at IS NULL", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Assignment{}, ErrHidden
	}
	if err != nil {
		return Assignment{}, fmt.Errorf("find role %s: %w", id, err)
	}
	return row.assignment(), nil
}

// EndLent ends, in the caller's transaction, the roles of deputies whose lender
// no longer holds his. They give nothing from that moment on; this is for the record.
func (d *Decider) EndLent(ctx context.Context, tx *gorm.DB) error {
	who, _ := Asking(ctx)
	err := tx.Exec(`UPDATE assignments SET status = 'ended', ended_at = ?, ended_by = ?, end_reason = 'lender'
WHERE delegated_from IS NOT NULL AND ended_at IS NULL AND delegated_from IN (SELECT id FROM assignments WHERE ended_at IS NOT NULL)`,
		iam.Micros(d.now()), string(who)).Error
	if err != nil {
		return fmt.Errorf("end what was lent: %w", err)
	}
	return nil
}
