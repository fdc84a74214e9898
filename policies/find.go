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
