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
// people there and could have given it; what is lent its lender takes back, what
// is shared either side ends. A token that was cut gives up nothing of its
// person's: it ends what its cut could give. It fails with ErrHidden, ErrRefused,
// ErrBeyond or ErrLastOwner. Ending it twice is ErrHidden.
func (d *Decider) End(ctx context.Context, tx *gorm.DB, id iam.AssignmentID, reason string) (Assignment, error) {
	if err := d.versions.Bump(tx); err != nil { // first: of two last owners who leave at once one stays
		return Assignment{}, err
	}
	var row assignmentRow
	err := tx.Where("id = ? AND ended_at IS NULL", string(id)).Take(&row).Error
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
	if err := d.notLast(tx, a, d.now(), l); err != nil {
		return Assignment{}, err
	}
	who, _ := Asking(ctx)
	res := tx.Model(&assignmentRow{}).Where("id = ?", row.ID).
		Updates(map[string]any{"status": "ended", "ended_at": iam.Micros(d.now()), "ended_by": string(who), "end_reason": reason})
	if res.Error != nil {
		return Assignment{}, fmt.Errorf("end role %s: %w", id, res.Error)
	}
	return a, nil
}

func (d *Decider) mayEnd(ctx context.Context, tx *gorm.DB, a Assignment, l line) error {
	who, ok := Asking(ctx)
	if !ok {
		return ErrHidden
	}
	own := who == a.User && a.SubjectType != Team || a.Lent != "" && who == a.GrantedBy
	if own && Whole(ctx) {
		return nil
	}
	t := d.rulesIn()
	seats, err := seatsOf(tx, who)
	if err != nil {
		return err
	}
	if a.SubjectType == Team { // the other side may let go as well
		other, err := lineOf(tx, iam.OrgID(a.User))
		if err != nil {
			return err
		}
		if kept(ctx, t.held(seats, target{line: other}, d.now()), other).Has(ManagePeople) {
			return nil
		}
	}
	gives, err := d.worth(tx, a, l)
	if err != nil {
		return err
	}
	at, now := target{l, a.Device}, d.now()
	may := kept(ctx, t.held(seats, at, now), l)
	service := a.SubjectType == Service && may.Has(MakeService)
	switch {
	case !may.Has(ReadPeople) && !service && !own:
		return ErrHidden
	case !may.Has(ManagePeople) && !service && !(a.Source == Shared && may.Has(Share)):
		return ErrRefused
	case t.may(gives)&^t.handsOn(ctx, seats, at, a.Reach, now) != 0:
		return ErrBeyond
	}
	return nil
}

// worth is what an assignment's role is made of; a custom role that is over is worth nothing.
func (d *Decider) worth(q *gorm.DB, a Assignment, l line) (roles, error) {
	if !a.Role.Custom() {
		return bit(a.Role), nil
	}
	sets, err := setsOf(q, a.Role, l.tenant)
	if errors.Is(err, ErrRole) {
		return 0, nil
	}
	return given(a.Role, Member, sets), err
}

// others counts who else holds the role in org and below just now.
func (d *Decider) others(tx *gorm.DB, org iam.OrgID, role Role, but iam.AssignmentID) (n int64, err error) {
	now := iam.Micros(d.now())
	err = tx.Raw(`SELECT COUNT(*) FROM assignments a JOIN users u ON u.id = a.subject_id
WHERE a.org_id = ? AND a.role = ? AND a.id <> ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND a.reach = 'subtree'
AND (a.valid_from IS NULL OR a.valid_from <= ?) AND a.valid_to IS NULL AND u.state = 'active'`,
		string(org), string(role), string(but), now).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count who is %s of %s: %w", role, org, err)
	}
	return n, nil
}

// EndLent ends, in the caller's transaction, the roles of deputies whose lender
// no longer holds his. They give nothing from that moment on; this is for the record.
func (d *Decider) EndLent(ctx context.Context, tx *gorm.DB) error {
	who, _ := Asking(ctx)
	err := tx.Exec(`UPDATE assignments SET status = 'ended', ended_at = ?, ended_by = ?, end_reason = 'lender'
WHERE delegated_from IS NOT NULL AND ended_at IS NULL AND EXISTS (SELECT 1 FROM assignments l WHERE l.id = assignments.delegated_from AND l.ended_at IS NOT NULL)`,
		iam.Micros(d.now()), string(who)).Error
	if err != nil {
		return fmt.Errorf("end what was lent: %w", err)
	}
	return nil
}

// EndAll ends every role of a subject that is no more, in the caller's
// transaction. It judges nobody and looks for no last owner.
func (d *Decider) EndAll(ctx context.Context, tx *gorm.DB, kind SubjectType, subject, reason string) error {
	who, _ := Asking(ctx)
	err := errors.Join(d.versions.Bump(tx), tx.Model(&assignmentRow{}).
		Where("subject_type = ? AND subject_id = ? AND ended_at IS NULL", string(kind), subject).
		Updates(map[string]any{"status": "ended", "ended_at": iam.Micros(d.now()), "ended_by": string(who), "end_reason": reason}).Error)
	if err != nil {
		return fmt.Errorf("end the roles of %s: %w", subject, err)
	}
	return nil
}
