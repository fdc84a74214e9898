package policies

import (
	"context"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Standing says what a place amounts to now: out of its own state and dates and
// those of everything above it. It asks nobody.
func (d *Decider) Standing(ctx context.Context, org iam.OrgID) (iam.Standing, error) {
	version, err := d.versions.Current(ctx)
	if err != nil {
		return iam.Standing{}, err
	}
	l, err := d.lineAt(ctx, version, org)
	if err != nil {
		return iam.Standing{}, err
	}
	if len(l.places) == 0 {
		return iam.Standing{}, ErrHidden
	}
	return d.standing(l), nil
}

func (d *Decider) standing(l line) iam.Standing {
	now := d.now()
	own := l.places[0]
	s := iam.Effective(own.state, timeOf(own.span.from), timeOf(own.span.to), now)
	for _, above := range l.places[1:] {
		s = s.Within(iam.Effective(above.state, timeOf(above.span.from), timeOf(above.span.to), now), iam.ByAbove, above.id)
	}
	return s
}

// StandingOf says what a role amounts to now: its own state and dates, whoever
// holds it, the role that it leans on, and the place that it is held in.
func (d *Decider) StandingOf(ctx context.Context, id iam.AssignmentID) (iam.Standing, error) {
	q := d.db.WithContext(ctx)
	s, a, err := d.standingOf(q, id)
	if err != nil {
		return s, err
	}
	if a.Lent != "" {
		lender, _, err := d.standingOf(q, a.Lent)
		if err != nil {
			return s, err
		}
		s = s.Within(lender, iam.ByLender, "")
	}
	l, err := lineOf(q, a.Org)
	if err != nil || len(l.places) == 0 {
		return s, err
	}
	return s.Within(d.standing(l), iam.ByAbove, a.Org), nil
}

// standingOf is StandingOf without what the role hangs on.
func (d *Decider) standingOf(q *gorm.DB, id iam.AssignmentID) (iam.Standing, Assignment, error) {
	var row assignmentRow
	if err := q.Where("id = ?", string(id)).Take(&row).Error; err != nil {
		return iam.Standing{}, Assignment{}, err
	}
	a, until := row.assignment(), row.ValidTo
	if row.EndedAt != nil {
		until = row.EndedAt
	}
	s := iam.Effective(row.Status, a.From, iam.TimeOrZero(until), d.now())
	if a.SubjectType == Team {
		return s, a, nil
	}
	var state string
	err := q.Raw("SELECT COALESCE((SELECT state FROM users WHERE id = ?), 'active')", row.SubjectID).Scan(&state).Error
	return s.Within(iam.Effective(state, time.Time{}, time.Time{}, d.now()), iam.ByHolder, ""), a, err
}
