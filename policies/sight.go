package policies

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Spot is where somebody may or may not do a thing: a place, or one device in it.
type Spot struct {
	Org    iam.OrgID
	Device iam.DeviceID // "" for the place and whatever lies in it
}

// Sight is what each of some people may do at some spots.
type Sight map[iam.UserID]*Seen

// Seen is what one of them may.
type Seen struct {
	Name    string
	Service bool // a service account
	At      map[Spot]Actions
}

// May tells whether somebody may do act at the spot: who may in a place may with
// each device there.
func (s Sight) May(who iam.UserID, act Action, at Spot) bool {
	seen := s[who]
	return seen != nil && (seen.At[at] | seen.At[Spot{Org: at.Org}]).Has(act)
}

// One's own roles, and those of the organisations that one is of; each on the
// places and what lies above them, or on single devices there.
const (
	sightOwn = `SELECT a.subject_id, COALESCE(u.name, sv.name, ''), u.id IS NULL, COALESCE(dv.org_id, ''), '', ` + seatColumns + `, NULL, NULL
FROM assignments a` + seatJoins + ` LEFT JOIN devices dv ON dv.id = a.device_id
LEFT JOIN users u ON u.id = a.subject_id LEFT JOIN service_accounts sv ON sv.id = a.subject_id
WHERE a.subject_type IN ('user', 'service') AND (u.state = 'active' OR sv.id IS NOT NULL AND sv.ended_at IS NULL) AND ` + seatStands
	sightTeam = `SELECT m.subject_id, u.name, FALSE, COALESCE(dv.org_id, ''), m.org_id, ` + seatColumns + `, m.valid_from, m.valid_to
FROM assignments a` + seatJoins + ` LEFT JOIN devices dv ON dv.id = a.device_id
JOIN orgs t ON t.id = a.subject_id AND t.state = 'active' JOIN assignments m ON m.org_id = t.id JOIN users u ON u.id = m.subject_id AND u.state = 'active'
WHERE a.subject_type = 'org' AND ` + belongs + ` AND ` + seatStands
	inPlaces  = ` AND a.device_id IS NULL AND a.org_id IN (SELECT ancestor FROM org_closure WHERE descendant IN ?)`
	onDevices = ` AND a.device_id IN (SELECT id FROM devices WHERE org_id IN ?)`
)

// placesAtOnce bounds the parameters of one statement.
const placesAtOnce = 400

// Sight reads who may do which of acts in the places, and with single devices
// of theirs that were shared; with people, what these alone may. It sees what q
// has changed, if that is a transaction, and does not ask whether the caller may
// know. Its cost grows with the places and with the roles on them and above.
func (d *Decider) Sight(_ context.Context, q *gorm.DB, acts Actions, places []iam.OrgID, people ...iam.UserID) (Sight, error) {
	t := d.rulesIn()
	l := look{t: t, acts: acts, now: iam.Micros(d.now()), sight: Sight{}}
	for some := range slices.Chunk(places, placesAtOnce) {
		var err error
		if l.lines, err = linesOf(q, some); err != nil {
			return nil, err
		}
		l.below = turned(l.lines)
		for _, in := range []string{inPlaces, onDevices} {
			for query, column := range map[string]string{sightOwn: "a", sightTeam: "m"} {
				if err := l.read(q, query+in, column, some, people); err != nil {
					return nil, fmt.Errorf("read who may: %w", err)
				}
			}
		}
	}
	return l.sight, nil
}

// look is one reading of a Sight.
type look struct {
	t     *table
	acts  Actions
	now   int64
	lines map[iam.OrgID]line
	below map[iam.OrgID][]iam.OrgID // by place: those of the lines that lie in it
	sight Sight
}

func (l *look) read(q *gorm.DB, query, column string, places []iam.OrgID, people []iam.UserID) error {
	args := []any{places}
	if len(people) > 0 {
		query, args = query+" AND "+column+".subject_id IN ?", append(args, people)
	}
	rows, err := q.Raw(query, args...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who iam.UserID
		var seen Seen
		var home iam.OrgID // of the device
		s, err := scanSeat(rows, &who, &seen.Name, &seen.Service, &home)
		if err != nil {
			return err
		}
		if s.device != "" {
			l.note(who, seen, &s, Spot{home, s.device})
			continue
		}
		for _, place := range l.below[s.org] {
			l.note(who, seen, &s, Spot{Org: place})
		}
	}
	return rows.Err()
}

// note adds what a seat gives somebody at a spot.
func (l *look) note(who iam.UserID, seen Seen, s *seat, at Spot) {
	way := l.lines[at.Org]
	may := l.t.reaches(s, target{way, at.Device}, l.now) &^ l.t.denied(way.stopped(l.now)) & l.acts
	if may == 0 {
		return
	}
	if l.sight[who] == nil {
		seen.At = map[Spot]Actions{}
		l.sight[who] = &seen
	}
	l.sight[who].At[at] |= may
}

// linesOf is lineOf for many.
func linesOf(q *gorm.DB, places []iam.OrgID) (map[iam.OrgID]line, error) {
	rows, err := q.Raw("SELECT c.descendant, "+placeColumns+" FROM org_closure c JOIN orgs o ON o.id = c.ancestor WHERE c.descendant IN ? ORDER BY c.descendant, c.depth", places).Rows()
	if err != nil {
		return nil, fmt.Errorf("read what is above: %w", err)
	}
	defer rows.Close()
	lines := make(map[iam.OrgID]line, len(places))
	for rows.Next() {
		var id iam.OrgID
		p, err := scanPlace(rows, &id)
		if err != nil {
			return nil, fmt.Errorf("read what is above: %w", err)
		}
		l := lines[id]
		if len(l.places) == 0 {
			l.tenant = p.tenant
		}
		l.places = append(l.places, p)
		lines[id] = l
	}
	return lines, rows.Err()
}

// turned turns lines round: what lies in each place of them.
func turned(lines map[iam.OrgID]line) map[iam.OrgID][]iam.OrgID {
	below := map[iam.OrgID][]iam.OrgID{}
	for id, l := range lines {
		for _, p := range l.places {
			below[p.id] = append(below[p.id], id)
		}
	}
	return below
}

// StoppedIn is Stopped for many places at once, as q sees them.
func (d *Decider) StoppedIn(q *gorm.DB, places []iam.OrgID) (map[iam.OrgID]bool, error) {
	stopped := map[iam.OrgID]bool{}
	for some := range slices.Chunk(places, placesAtOnce) {
		lines, err := linesOf(q, some)
		if err != nil {
			return nil, err
		}
		for id, l := range lines {
			if l.stopped(iam.Micros(d.now())) != 0 {
				stopped[id] = true
			}
		}
	}
	return stopped, nil
}

// Anywhere tells whether somebody may do act at any of the spots.
func (s Sight) Anywhere(who iam.UserID, act Action) bool {
	if seen := s[who]; seen != nil {
		for _, may := range seen.At {
			if may.Has(act) {
				return true
			}
		}
	}
	return false
}
