package policies

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Reach is how far down a role goes.
type Reach string

const (
	Subtree Reach = "subtree" // the organisation and all below
	Self    Reach = "self"    // the organisation alone
)

// seat is a role that a person holds somewhere, as a decision needs it.
type seat struct {
	role   roles
	org    iam.OrgID
	tenant iam.OrgID
	root   bool // the org is the platform itself
	reach  Reach
	span   span
}

// span is from when to when something holds; zero for no such bound.
type span struct{ from, to int64 } // microseconds

func (s span) holds(now int64) bool {
	return (s.from == 0 || s.from <= now) && (s.to == 0 || now < s.to)
}

func newSpan(from, to *int64) (s span) {
	if from != nil {
		s.from = *from
	}
	if to != nil {
		s.to = *to
	}
	return s
}

// line is an organisation with all that lies above it, nearest first.
type line struct {
	tenant iam.OrgID
	places []place
}

type place struct {
	id    iam.OrgID
	state string
	span  span
}

const active = "active"

// stopped gives the pseudo-roles of the first place on the way up that is closed.
func (l line) stopped(now int64) (r roles) {
	for _, p := range l.places {
		if p.state != active {
			r |= bit(stateSuspended)
		}
		if !p.span.holds(now) {
			r |= bit(stateEnded)
		}
	}
	return r
}

// held gives the roles that the seats amount to at the line's organisation.
func held(seats []seat, l line, now time.Time) (r roles) {
	if len(l.places) == 0 {
		return 0 // no such place: nobody is anything there
	}
	us := iam.Micros(now)
	for _, s := range seats {
		if !s.span.holds(us) {
			continue
		}
		for depth, p := range l.places {
			if p.id == s.org && (depth == 0 || s.reach == Subtree) {
				r |= s.role
			}
		}
	}
	return r | l.stopped(us)
}

const readSeats = `SELECT a.role, a.org_id, o.tenant_id, o.parent_id IS NULL, a.reach, a.valid_from, a.valid_to
FROM assignments a JOIN orgs o ON o.id = a.org_id
WHERE a.subject_id = ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL`

// seatsOf reads what a person holds.
func seatsOf(q *gorm.DB, user iam.UserID) (seats []seat, err error) {
	rows, err := q.Raw(readSeats, string(user)).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the roles of %s: %w", user, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s seat
		var role Role
		var from, to *int64
		if err := rows.Scan(&role, &s.org, &s.tenant, &s.root, &s.reach, &from, &to); err != nil {
			return nil, fmt.Errorf("read the roles of %s: %w", user, err)
		}
		s.role, s.span = bit(role), newSpan(from, to)
		seats = append(seats, s)
	}
	return seats, rows.Err()
}

const readLine = `SELECT o.id, o.tenant_id, o.state, o.valid_from, o.valid_to
FROM org_closure c JOIN orgs o ON o.id = c.ancestor WHERE c.descendant = ? ORDER BY c.depth`

// lineOf reads an organisation's way up; it is empty where there is none.
func lineOf(q *gorm.DB, org iam.OrgID) (l line, err error) {
	rows, err := q.Raw(readLine, string(org)).Rows()
	if err != nil {
		return line{}, fmt.Errorf("read what is above %s: %w", org, err)
	}
	defer rows.Close()
	for rows.Next() {
		var p place
		var tenant iam.OrgID
		var from, to *int64
		if err := rows.Scan(&p.id, &tenant, &p.state, &from, &to); err != nil {
			return line{}, fmt.Errorf("read what is above %s: %w", org, err)
		}
		if len(l.places) == 0 {
			l.tenant = tenant
		}
		p.span = newSpan(from, to)
		l.places = append(l.places, p)
	}
	return l, rows.Err()
}

// seatsAt and lineAt are seatsOf and lineOf, remembered.
func (d *Decider) seatsAt(ctx context.Context, version int64, user iam.UserID) ([]seat, error) {
	if seats, ok := d.seats.Get(user, version); ok {
		return seats, nil
	}
	seats, err := seatsOf(d.db.WithContext(ctx), user)
	if err == nil {
		d.seats.Put(user, version, seats)
	}
	return seats, err
}

func (d *Decider) lineAt(ctx context.Context, version int64, org iam.OrgID) (line, error) {
	if l, ok := d.lines.Get(org, version); ok {
		return l, nil
	}
	l, err := lineOf(d.db.WithContext(ctx), org)
	if err == nil && len(l.places) > 0 {
		d.lines.Put(org, version, l)
	}
	return l, err
}

// TenantOf is the tenant that org belongs to; empty for the platform's root and
// when there is no such place.
func (d *Decider) TenantOf(ctx context.Context, org iam.OrgID) (iam.OrgID, error) {
	version, err := d.versions.Current(ctx)
	if err != nil {
		return "", err
	}
	l, err := d.lineAt(ctx, version, org)
	if len(l.places) < 2 { // org itself and what is above it
		return "", err
	}
	return l.tenant, err
}
