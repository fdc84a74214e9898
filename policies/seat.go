package policies

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Reach is how far down a role goes.
type Reach string

const (
	Subtree Reach = "subtree" // the organisation and all below
	Self    Reach = "self"    // the organisation alone
)

// seat is a role that somebody holds somewhere, as a decision needs it.
type seat struct {
	id     iam.AssignmentID
	role   Role // as it was given
	gives  roles
	lent   roles // what the role that it leans on gives; 0 when it leans on none
	org    iam.OrgID
	tenant iam.OrgID
	root   bool // the org is the platform itself
	reach  Reach
	device iam.DeviceID // the role is on this one alone
	team   iam.OrgID    // through which organisation he has it
	spans  [3]span      // its own, the lender's, the membership's: all must hold
}

func (s *seat) holds(now int64) bool {
	return s.spans[0].holds(now) && s.spans[1].holds(now) && s.spans[2].holds(now)
}

// ends is the first moment at which the seat no longer holds; zero for none.
func (s *seat) ends() (to int64) {
	for _, p := range s.spans {
		if p.to != 0 && (to == 0 || p.to < to) {
			to = p.to
		}
	}
	return to
}

// acts is what the seat allows where it reaches and nothing denies it.
func (t *table) acts(s *seat) Actions {
	may := t.allowed(s.gives)
	if s.lent != 0 {
		may &= t.may(s.lent)
	}
	if s.device != "" {
		may &= OnDevice
	}
	return may
}

// goOn are the seats that go on below their place: by one that ends there nobody
// gives, takes or answers for what reaches further.
func goOn(seats []seat) []seat {
	return slices.DeleteFunc(slices.Clone(seats), func(s seat) bool { return s.reach == Self })
}

// open seats look into private places below theirs.
func (s *seat) open() bool { return s.gives&(bit(Owner)|bit(Auditor)|bit(PlatformAdmin)) != 0 }

// LooksIn tells whether who holds the role looks into private places below his.
func (r Role) LooksIn() bool { return (&seat{gives: bit(r)}).open() }

// A seat's columns. What it leans on must stand itself: d is the lender's
// assignment, and it and the lender are active, or there is no seat.
const (
	seatColumns = `a.id, a.role, o.member_role, COALESCE(c.sets, ''), COALESCE(d.role, ''), COALESCE(dc.sets, ''), a.org_id, o.tenant_id, o.parent_id IS NULL,
 a.reach, COALESCE(a.device_id, ''), a.valid_from, a.valid_to, d.valid_from, d.valid_to`
	seatJoins = ` JOIN orgs o ON o.id = a.org_id
LEFT JOIN custom_roles c ON c.id = SUBSTR(a.role, 8) AND c.ended_at IS NULL
LEFT JOIN assignments d ON d.id = a.delegated_from AND d.status = 'active' AND d.ended_at IS NULL
 AND EXISTS (SELECT 1 FROM users du WHERE du.id = d.subject_id AND du.state = 'active')
LEFT JOIN custom_roles dc ON dc.id = SUBSTR(d.role, 8) AND dc.ended_at IS NULL`
	seatStands = `a.status = 'active' AND a.ended_at IS NULL AND (a.delegated_from IS NULL OR d.id IS NOT NULL)`
	// belongs: m makes its subject one of an organisation's own.
	belongs = `m.subject_type = 'user' AND m.status = 'active' AND m.ended_at IS NULL AND m.source NOT IN ('share', 'deputy')`
)

const readSeats = `SELECT '', ` + seatColumns + `, NULL, NULL FROM assignments a` + seatJoins + `
WHERE a.subject_id = ? AND a.subject_type IN ('user', 'service') AND ` + seatStands + `
UNION ALL SELECT m.org_id, ` + seatColumns + `, m.valid_from, m.valid_to FROM assignments m
JOIN orgs t ON t.id = m.org_id AND t.state = 'active' JOIN assignments a ON a.subject_id = m.org_id AND a.subject_type = 'org'` + seatJoins + `
WHERE m.subject_id = ? AND ` + belongs + ` AND ` + seatStands

// seatsOf reads what somebody holds; nothing for a person who is switched off.
func seatsOf(q *gorm.DB, who iam.UserID) (seats []seat, err error) {
	rows, err := q.Raw(readSeats, string(who), string(who)).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the roles of %s: %w", who, err)
	}
	defer rows.Close()
	for rows.Next() {
		s, err := scanSeat(rows)
		if err != nil {
			return nil, fmt.Errorf("read the roles of %s: %w", who, err)
		}
		seats = append(seats, s)
	}
	if err := rows.Err(); err != nil || len(seats) == 0 {
		return nil, err
	}
	var off int
	err = q.Raw("SELECT COUNT(*) FROM users WHERE id = ? AND state <> 'active'", string(who)).Row().Scan(&off)
	if off > 0 || err != nil {
		return nil, err
	}
	return seats, nil
}

// scanSeat reads a seat; before are the columns that stand in front of it.
func scanSeat(rows *sql.Rows, before ...any) (s seat, err error) {
	var member, lender Role
	var sets, lentSets string
	var from, to [3]*int64
	columns := append(before, &s.team, &s.id, &s.role, &member, &sets, &lender, &lentSets, &s.org, &s.tenant, &s.root,
		&s.reach, &s.device, &from[0], &to[0], &from[1], &to[1], &from[2], &to[2])
	if err := rows.Scan(columns...); err != nil {
		return s, err
	}
	s.gives = given(s.role, member, sets)
	if lender != "" {
		s.lent = given(lender, Member, lentSets)
	}
	for i := range s.spans {
		s.spans[i] = newSpan(from[i], to[i])
	}
	return s, nil
}

// given is what a role amounts to: a member gets what his organisation gives its
// members, a custom role is the sum of its permission sets.
func given(role, member Role, sets string) (r roles) {
	switch {
	case role == Member:
		return bit(member) & memberRoles
	case role.Custom():
		for _, set := range strings.Fields(sets) {
			r |= bit(Role(set))
		}
		return r
	}
	return bit(role)
}

// memberRoles are those that a place may give to whoever belongs to it.
const memberRoles = roles(1<<0 | 1<<1 | 1<<2) // viewer, member, operator

// seatsAt is seatsOf, remembered.
func (d *Decider) seatsAt(ctx context.Context, version int64, who iam.UserID) ([]seat, error) {
	if seats, ok := d.seats.Get(who, version); ok {
		return seats, nil
	}
	seats, err := seatsOf(d.db.WithContext(ctx), who)
	if err == nil {
		d.seats.Put(who, version, seats)
	}
	return seats, err
}
