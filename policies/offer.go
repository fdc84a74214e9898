package policies

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// offered is what waits for the other side's word.
const offered = "offered"

// Accept makes an offered role hold, in the caller's transaction: somebody who
// manages people in the organisation that it is offered to consents. Who offered
// it must still be able to give it. It fails with ErrHidden, ErrRefused, or like
// Grant for who offered it.
func (d *Decider) Accept(ctx context.Context, tx *gorm.DB, id iam.AssignmentID) (Assignment, error) {
	a, err := d.offer(ctx, tx, id)
	if err != nil {
		return a, err
	}
	l, err := lineOf(tx, a.Org)
	if err != nil {
		return a, err
	}
	until, err := d.mayGive(uncut(ctx), tx, Grant{SubjectType: a.SubjectType, Subject: a.User, Role: a.Role, Org: a.Org, Device: a.Device,
		Reach: a.Reach, Until: a.Until, Source: a.Source, By: a.GrantedBy}, l)
	if err != nil {
		return a, err
	}
	a.Until = until
	res := tx.Model(&assignmentRow{}).Where("id = ? AND status = ?", string(id), offered).
		Updates(map[string]any{"status": active, "valid_to": iam.MicrosOrNull(until)})
	if res.Error != nil {
		return a, fmt.Errorf("accept role %s: %w", id, res.Error)
	}
	return a, nil
}

// offer finds an open offer for somebody who may answer it. It takes turns.
func (d *Decider) offer(ctx context.Context, tx *gorm.DB, id iam.AssignmentID) (a Assignment, err error) {
	if err := d.versions.Bump(tx); err != nil {
		return a, err
	}
	var row assignmentRow
	err = tx.Where("id = ? AND status = ? AND subject_type = ? AND ended_at IS NULL AND (valid_to IS NULL OR valid_to > ?)",
		string(id), offered, string(Team), iam.Micros(d.now())).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return a, ErrHidden
	}
	if err != nil {
		return a, fmt.Errorf("find an offer: %w", err)
	}
	a = row.assignment()
	to, err := lineOf(tx, iam.OrgID(a.User))
	if err != nil {
		return a, err
	}
	who, _ := Asking(ctx)
	seats, err := seatsOf(tx, who)
	if err != nil {
		return a, err
	}
	if !kept(ctx, d.rulesIn().held(seats, target{line: to}, d.now()), to).Has(ManagePeople) {
		err = ErrHidden
	}
	return a, err
}
