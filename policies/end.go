package policies

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// ErrLastOwner keeps a tenant from being nobody's.
var ErrLastOwner = fault.New(fault.Conflict, "last-owner", "Somebody has to stay the owner. Name another one first.")

// End takes a role away, from oneself or from others, in the caller's
// transaction, and gives back what it was. Who ends another's role manages
// people there and could have given it. It fails with ErrHidden, ErrRefused,
// ErrBeyond or ErrLastOwner. Ending it twice is ErrHidden.
func (d *Decider) End(ctx context.Context, tx *gorm.DB, id iam.AssignmentID) (Assignment, error) {
	if err := d.versions.Bump(tx); err != nil { // first: of two last owners who leave at once one stays
		return Assignment{}, err
	}
	var row assignmentRow
	err := tx.Where("id = ? AND status = ? AND ended_at IS NULL", string(id), active).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Assignment{}, ErrHidden
	}
	if err != nil {
		return Assignment{}, fmt.Errorf("end role %s: %w", id, err)
	}
	a := row.assignment()
	l, err := lineOf(tx, a.Org)
	if err != nil {
		return Assignment{}, err
	}
	if err := d.mayEnd(ctx, tx, a, l); err != nil {
		return Assignment{}, err
	}
	if root := len(l.places) == 1; len(l.places) <= 2 && a.Role == topRole(root) {
		n, err := d.others(tx, a.Org, a.Role, a.ID)
		if err != nil {
			return Assignment{}, err
		}
		if n == 0 {
			return Assignment{}, ErrLastOwner
		}
	}
	res := tx.Model(&assignmentRow{}).Where("id = ?", row.ID).Updates(map[string]any{"status": "ended", "ended_at": iam.Micros(d.now())})
	if res.Error != nil {
		return Assignment{}, fmt.Errorf("end role %s: %w", id, res.Error)
	}
	return a, nil
}

func (d *Decider) mayEnd(ctx context.Context, tx *gorm.DB, a Assignment, l line) error {
	user, ok := Asking(ctx)
	if !ok {
		return ErrHidden
	}
	if user == a.User {
		return nil
	}
	seats, err := seatsOf(tx, user)
	if err != nil {
		return err
	}
	may := d.table.may(held(seats, l, d.now()))
	switch {
	case !may.Has(ReadPeople):
		return ErrHidden
	case !may.Has(ManagePeople):
		return ErrRefused
	case d.table.may(bit(a.Role))&^may != 0:
		return ErrBeyond
	}
	return nil
}

// others counts who else holds the role in org just now.
func (d *Decider) others(tx *gorm.DB, org iam.OrgID, role Role, but iam.AssignmentID) (n int64, err error) {
	now := iam.Micros(d.now())
	err = tx.Raw(`SELECT COUNT(*) FROM assignments a JOIN users u ON u.id = a.subject_id
WHERE a.org_id = ? AND a.role = ? AND a.id <> ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL
AND (a.valid_from IS NULL OR a.valid_from <= ?) AND a.valid_to IS NULL AND u.state = 'active'`,
		string(org), string(role), string(but), now).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count who is %s of %s: %w", role, org, err)
	}
	return n, nil
}
