package policies

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// line is an organisation with all that lies above it, nearest first.
type line struct {
	tenant iam.OrgID
	places []place
}

type place struct {
	id      iam.OrgID
	tenant  iam.OrgID
	state   string
	span    span
	private bool
	asks    iam.Assurance // how well one must have proved oneself
}

const active = "active"

// stopped gives the pseudo-roles of the places on the way up that are closed.
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

// asks is the most that any place of the line asks for.
func (l line) asks() (most iam.Assurance) {
	for _, p := range l.places {
		most = max(most, p.asks)
	}
	return most
}

// at is how far above the line's organisation org lies, or -1.
func (l line) at(org iam.OrgID) int {
	for depth, p := range l.places {
		if p.id == org {
			return depth
		}
	}
	return -1
}

// hides tells whether a private place lies below the one at depth.
func (l line) hides(depth int) bool {
	for _, p := range l.places[:depth] {
		if p.private {
			return true
		}
	}
	return false
}

const (
	placeColumns = "o.id, o.tenant_id, o.state, o.valid_from, o.valid_to, o.private, o.min_credential"
	readLine     = "SELECT " + placeColumns + " FROM org_closure c JOIN orgs o ON o.id = c.ancestor WHERE c.descendant = ? ORDER BY c.depth"
)

// readPlaces runs a query of placeColumns.
func readPlaces(q *gorm.DB, query string, args ...any) (places []place, err error) {
	rows, err := q.Raw(query, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanPlace(rows)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, rows.Err()
}

// scanPlace reads placeColumns; before are the columns that stand in front of them.
func scanPlace(rows *sql.Rows, before ...any) (p place, err error) {
	var from, to *int64
	var asks string
	if err := rows.Scan(append(before, &p.id, &p.tenant, &p.state, &from, &to, &p.private, &asks)...); err != nil {
		return p, err
	}
	p.span, p.asks = newSpan(from, to), asked(asks)
	return p, nil
}

// lineOf reads an organisation's way up; it is empty where there is none.
func lineOf(q *gorm.DB, org iam.OrgID) (l line, err error) {
	l.places, err = readPlaces(q, readLine, string(org))
	if err != nil {
		return line{}, fmt.Errorf("read what is above %s: %w", org, err)
	}
	if len(l.places) > 0 {
		l.tenant = l.places[0].tenant
	}
	return l, nil
}

// lineAt is lineOf, remembered.
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
