package policies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// What stands against another end of a role.
var (
	ErrPast   = fault.New(fault.Unprocessable, "end-past", "Choose a time that is still to come, or end the role at once.")
	ErrUpward = fault.New(fault.Refused, "role-own-longer", "Nobody makes his own role longer. Ask somebody who manages people here.")
)

// SetEnd lets a role end at another time, zero for never, in the caller's
// transaction, and gives back what it was and when it ends now. Making it shorter
// is like ending it; making it longer is like giving it: for no longer than the
// giver may, and nobody's own. It fails like End and Grant, or with ErrPast or
// ErrUpward.
func (d *Decider) SetEnd(ctx context.Context, tx *gorm.DB, id iam.AssignmentID, until time.Time) (was Assignment, now time.Time, err error) {
	if err := d.versions.Bump(tx); err != nil { // first: it takes turns
		return was, now, err
	}
	var row assignmentRow
	err = tx.Where("id = ? AND status = ? AND ended_at IS NULL", string(id), active).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return was, now, ErrHidden
	}
	if err != nil {
		return was, now, fmt.Errorf("find role %s: %w", id, err)
	}
	was = row.assignment()
	l, err := lineOf(tx, was.Org)
	if err != nil {
		return was, now, err
	}
	if err := d.mayEnd(ctx, tx, was, l); err != nil { // who may not even end it hears so
		return was, now, err
	}
	switch {
	case !until.IsZero() && !until.After(d.now()):
		return was, now, ErrPast
	case longer(was.Until, until):
		now, err = d.prolong(ctx, tx, was, until, l)
	default:
		now, err = until, d.notLast(tx, was, until, l)
	}
	if err != nil {
		return was, now, err
	}
	if err := tx.Model(&assignmentRow{}).Where("id = ?", row.ID).Update("valid_to", iam.MicrosOrNull(now)).Error; err != nil {
		return was, now, fmt.Errorf("set the end of role %s: %w", id, err)
	}
	return was, now, nil
}

// longer tells whether another end is later; zero is never.
func longer(was, until time.Time) bool {
	return !was.IsZero() && (until.IsZero() || until.After(was))
}

func (d *Decider) prolong(ctx context.Context, tx *gorm.DB, a Assignment, until time.Time, l line) (time.Time, error) {
	who, _ := Asking(ctx)
	if who == a.User {
		return time.Time{}, ErrUpward
	}
	g := Grant{SubjectType: a.SubjectType, Subject: a.User, Role: a.Role, Org: a.Org, Device: a.Device, Reach: a.Reach, From: a.From, Until: until,
		Lent: a.Lent, Source: a.Source, By: who}
	if g.Source == Founding || g.Source == Console {
		g.Source = Direct // it is this person's decision now
	}
	until, err := d.mayGive(ctx, tx, g, l)
	if err != nil {
		return time.Time{}, err
	}
	return until, apartFrom(tx, g, l, iam.Micros(d.now())) // it may be over for a while, and another have come
}

// notLast refuses an end for the last one who has to stay.
func (d *Decider) notLast(tx *gorm.DB, a Assignment, until time.Time, l line) error {
	root := len(l.places) == 1
	if until.IsZero() || len(l.places) > 2 || a.Role != topRole(root) || a.SubjectType != Person {
		return nil
	}
	n, err := d.others(tx, a.Org, a.Role, a.ID)
	if err == nil && n == 0 {
		return ErrLastOwner
	}
	return err
}
