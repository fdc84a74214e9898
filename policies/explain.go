package policies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Cause is the one reason why somebody may or may not.
type Cause string

// The causes, in the order in which they are looked for.
const (
	Allowed     Cause = "allowed"
	SwitchedOff Cause = "switched-off" // the person as a whole
	Denied      Cause = "denied"       // by a rule that denies: the place is closed
	Hides       Cause = "private"      // the place is private, and the role is from above it
	Early       Cause = "not-yet"
	Expired     Cause = "expired"
	Ended       Cause = "ended"        // the role was taken away
	Lenderless  Cause = "lender-ended" // what the role leaned on is gone
	Lacks       Cause = "role-lacks"   // he holds roles here, and none allows it
	Nothing     Cause = "no-role"      // he holds nothing that reaches here
)

// Explanation is why somebody may or may not do something: user, assignment,
// role, organisation, rule.
type Explanation struct {
	User   iam.UserID
	Name   string
	Action Action
	Org    iam.OrgID
	Device iam.DeviceID
	Cause  Cause
	Link   *Link  // the assignment that decides; nil where none does
	Links  []Link // for Lacks: all that he holds here
	Closed iam.OrgID
	Rule   string        // the deciding rule as Casbin names it; "" where no rule was reached
	Needs  []Role        // for a no: which roles would allow it
	Asks   iam.Assurance // how well he must have signed in for it
}

// Link is an assignment in the chain.
type Link struct {
	Assignment
	Team     iam.OrgID // he has it as one of this organisation's own
	Lender   string    // who lends it
	EndedAt  time.Time
	EndedBy  iam.UserID
	EndedFor string
}

// Explain says why user may do act in org, or with a device there, or why not.
// It asks for ReadPeople there, be the place closed or not, or to be that user
// and to know of the place. Of somebody who never held anything that reaches it
// only those hear who see him elsewhere; to others he is as nobody: ErrHidden.
func (d *Decider) Explain(ctx context.Context, user iam.UserID, act Action, org iam.OrgID, device iam.DeviceID) (Explanation, error) {
	version, err := d.versions.Now(ctx)
	if err != nil {
		return Explanation{}, err
	}
	p, err := d.policyAt(ctx, version)
	if err != nil {
		return Explanation{}, err
	}
	q := d.db.WithContext(ctx)
	l, err := lineOf(q, org)
	if err != nil || len(l.places) == 0 {
		return Explanation{}, orHidden(err)
	}
	if err := d.mayAsk(ctx, p.table, user, target{l, device}); err != nil {
		return Explanation{}, err
	}
	e := Explanation{User: user, Action: act, Org: org, Device: device, Asks: l.asks()}
	off, name, home, err := nameOf(q, user)
	if err != nil {
		return Explanation{}, err
	}
	e.Name = name
	all, err := historyOf(q, user)
	if err != nil {
		return Explanation{}, err
	}
	s := search{p: p, act: act, at: target{l, device}, now: iam.Micros(d.now())}
	s.decide(&e, all, off)
	if s.err == nil && e.Cause == Nothing && !d.sees(ctx, user, home, all) {
		return Explanation{}, ErrHidden
	}
	return e, s.err
}

// sees tells whether who asks is the user himself, or reads the people where he
// is at home or holds something.
func (d *Decider) sees(ctx context.Context, user iam.UserID, home iam.OrgID, all []record) bool {
	if who, _ := Asking(ctx); who == user || d.May(ctx, ReadPeople, home) {
		return true
	}
	now := iam.Micros(d.now())
	return slices.ContainsFunc(all, func(r record) bool {
		return r.stands && r.seat.holds(now) && d.May(ctx, ReadPeople, r.Org)
	})
}

// mayAsk lets those ask who see the people of a place, also while it is closed:
// that may be the very question.
func (d *Decider) mayAsk(ctx context.Context, t *table, about iam.UserID, at target) error {
	who, ok := Asking(ctx)
	if !ok {
		return ErrHidden
	}
	seats, err := seatsOf(d.db.WithContext(ctx), who)
	if err != nil {
		return err
	}
	var may Actions
	for i := range seats {
		may |= t.reaches(&seats[i], at, iam.Micros(d.now()))
	}
	may = kept(ctx, may, at.line)
	switch {
	case may.Has(ReadPeople), who == about && (may.Has(ReadOrg) || at.device != "" && may.Has(SeeDevice)):
		return nil
	case may.Has(ReadOrg):
		return ErrRefused
	}
	return ErrHidden
}

func orHidden(err error) error {
	if err == nil {
		return ErrHidden
	}
	return err
}

// nameOf finds a person or a service account, whether it is switched off, and
// where it is at home.
func nameOf(q *gorm.DB, who iam.UserID) (off bool, name string, home iam.OrgID, err error) {
	row := q.Raw(`SELECT name, state <> 'active', home_org_id FROM users WHERE id = ?
UNION ALL SELECT name, ended_at IS NOT NULL, org_id FROM service_accounts WHERE id = ?`, string(who), string(who)).Row()
	err = row.Scan(&name, &off, &home)
	if errors.Is(err, sql.ErrNoRows) {
		return false, "", "", ErrHidden
	}
	if err != nil {
		return false, "", "", fmt.Errorf("explain: %w", err)
	}
	return off, name, home, nil
}

// search looks for the one cause among all that a person holds or has held.
type search struct {
	p   *policy
	act Action
	at  target
	now int64
	err error
}

func (s *search) decide(e *Explanation, all []record, off bool) {
	stands := func(r *record) bool { return r.stands && r.seat.holds(s.now) }
	states := s.at.stopped(s.now)
	counts := states
	for i := range all {
		if stands(&all[i]) && s.p.table.reaches(&all[i].seat, s.at, s.now) != 0 {
			counts |= all[i].seat.gives
		}
	}
	closed := s.p.table.denied(counts).Has(s.act)
	first := func(cause Cause, fits func(*record) bool) bool {
		best := -1
		for i := range all {
			if fits(&all[i]) && (best < 0 || s.depth(&all[i]) < s.depth(&all[best])) {
				best = i
			}
		}
		if best < 0 {
			return false
		}
		e.Cause, e.Link = cause, &all[best].Link
		e.Rule = s.rule(all[best].seat.gives)
		return true
	}
	switch {
	case off && first(SwitchedOff, func(r *record) bool { return stands(r) && s.gives(r, true) }):
	case closed && first(Denied, func(r *record) bool { return stands(r) && s.gives(r, false) }):
		e.Rule, e.Closed = s.rule(counts), s.closedAt()
	case !off && !closed && first(Allowed, func(r *record) bool { return stands(r) && s.gives(r, false) }):
		return
	case first(Hides, func(r *record) bool { return stands(r) && s.gives(r, true) }):
	case first(Early, func(r *record) bool { return r.stands && s.early(r) && s.gives(r, true) }):
	case first(Expired, func(r *record) bool { return r.stands && !r.seat.holds(s.now) && s.gives(r, true) }):
	case first(Lenderless, func(r *record) bool { return !r.stands && r.EndedAt.IsZero() && s.gives(r, true) }):
	case first(Ended, func(r *record) bool { return !r.EndedAt.IsZero() && s.gives(r, true) }):
	default:
		s.lacks(e, all, stands)
	}
	for i, role := range catalogue[:realRoles] {
		if s.p.table.gives[i].Has(s.act) {
			e.Needs = append(e.Needs, role)
		}
	}
}

// gives tells whether the record's role would allow the act at the target if
// its time had come and, with above, if nothing were private.
func (s *search) gives(r *record, above bool) bool {
	seat := r.seat
	seat.spans = [3]span{}
	at := s.at
	if above {
		at.places = append([]place(nil), at.places...)
		for i := range at.places {
			at.places[i].private = false
		}
	}
	return s.p.table.reaches(&seat, at, s.now).Has(s.act)
}

func (s *search) early(r *record) bool {
	for _, p := range r.seat.spans {
		if p.from > s.now {
			return true
		}
	}
	return false
}

func (s *search) depth(r *record) int {
	if r.seat.device != "" {
		return 0
	}
	return s.at.at(r.seat.org)
}

// lacks tells what he holds here, if anything.
func (s *search) lacks(e *Explanation, all []record, stands func(*record) bool) {
	e.Cause = Nothing
	for i := range all {
		if r := &all[i]; stands(r) && s.p.table.reaches(&r.seat, s.at, s.now) != 0 {
			e.Cause, e.Links = Lacks, append(e.Links, r.Link)
		}
	}
}

func (s *search) closedAt() iam.OrgID {
	for _, p := range s.at.places {
		if p.state != active || !p.span.holds(s.now) {
			return p.id
		}
	}
	return ""
}

// rule asks Casbin which rule decides.
func (s *search) rule(r roles) string {
	_, why, err := s.p.casbin.ask(r, s.act)
	if err != nil {
		s.err = fmt.Errorf("explain %s: %w", s.act, err)
	}
	if len(why) == 0 {
		return ""
	}
	return fmt.Sprintf("p, %s, %s, %s, %s", why[0], why[1], why[2], why[3])
}
