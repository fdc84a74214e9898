package orgs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// past is a tenant's places as they stood at a moment: as they stand now, with
// what the trail says was done since undone.
type past struct {
	at     int64
	tenant iam.OrgID
	places map[iam.OrgID]*pastPlace
	until  map[iam.AssignmentID]int64 // ends that were set since; 0 for none
	off    map[iam.UserID]bool        // whether who was switched off or on since was off
	late   map[iam.AssignmentID]bool  // shares that were accepted since
	lines  map[iam.OrgID][]*pastPlace
	sums   map[policies.Role]policies.Actions // of roles of the tenant's own making
}

type pastPlace struct {
	ID         iam.OrgID
	ParentID   iam.OrgID
	Name       string
	Kind       Kind
	State      State
	ValidFrom  *int64
	ValidTo    *int64
	Private    bool
	MemberRole string
	CreatedAt  int64
}

// pastMost bounds the places of one tenant that are read at once.
const pastMost = 50_000

func (s *Service) past(ctx context.Context, tenant iam.OrgID, at time.Time) (*past, error) {
	p := &past{at: iam.Micros(at), tenant: tenant, places: map[iam.OrgID]*pastPlace{}, until: map[iam.AssignmentID]int64{},
		off: map[iam.UserID]bool{}, late: map[iam.AssignmentID]bool{}, lines: map[iam.OrgID][]*pastPlace{}, sums: map[policies.Role]policies.Actions{}}
	var rows []pastPlace
	err := s.DB.WithContext(ctx).Raw(`SELECT id, COALESCE(parent_id, '') AS parent_id, name, kind, state, valid_from, valid_to, private, member_role, created_at
FROM orgs WHERE tenant_id = ? OR parent_id IS NULL LIMIT ?`, string(tenant), pastMost).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read places as they were: %w", err)
	}
	for i := range rows {
		p.places[rows[i].ID] = &rows[i]
	}
	return p, p.rewind(ctx, s.DB, at)
}

// rewind undoes what was done since, the newest first. Of each line its "before"
// or "from" says how it stood. Verbs that stand together touch the same thing.
func (p *past) rewind(ctx context.Context, db *gorm.DB, at time.Time) error {
	for _, step := range []struct {
		undo  func(audit.Entry, audit.Detail)
		verbs []string
	}{
		{p.unmove, []string{"org.move"}},
		{p.unturn, []string{"org.suspend", "org.resume", "org.close"}},
		{p.undate, []string{"org.dates"}},
		{p.unsettle, []string{"org.settle"}},
		{p.unend, []string{"role.until"}},
		{p.unswitch, []string{"person.disable", "person.enable"}},
		{p.unaccept, []string{"share.accept"}},
	} {
		var lines []audit.Entry
		for _, verb := range step.verbs {
			some, err := audit.Since(ctx, db, string(p.tenant), verb, "", at)
			if err != nil {
				return err
			}
			lines = append(lines, some...)
		}
		slices.SortFunc(lines, func(a, b audit.Entry) int { return cmp.Compare(b.Seq, a.Seq) })
		for _, e := range lines {
			step.undo(e, e.Details())
		}
	}
	return nil
}

// place is the one that a line is about; one that is no more leaves no trace.
func (p *past) place(e audit.Entry) *pastPlace {
	if o := p.places[iam.OrgID(e.ObjectID)]; o != nil {
		return o
	}
	return &pastPlace{}
}

func (p *past) unmove(e audit.Entry, d audit.Detail) {
	if from, ok := d["from"].(string); ok {
		p.place(e).ParentID = iam.OrgID(from)
	}
}

func (p *past) unturn(e audit.Entry, d audit.Detail) {
	if from, ok := d["from"].(string); ok {
		p.place(e).State = State(from)
	}
}

func (p *past) undate(e audit.Entry, d audit.Detail) {
	before, _ := d["before"].(map[string]any)
	o := p.place(e)
	o.ValidFrom, o.ValidTo = moment(before["from"]), moment(before["until"])
}

func (p *past) unsettle(e audit.Entry, d audit.Detail) {
	before, _ := d["before"].(map[string]any)
	if private, ok := before["private"].(bool); ok {
		p.place(e).Private = private
	}
	if role, ok := before["member_role"].(string); ok {
		p.place(e).MemberRole = role
	}
}

func (p *past) unend(_ audit.Entry, d audit.Detail) {
	id, _ := d["assignment"].(string)
	before, _ := d["before"].(map[string]any)
	p.until[iam.AssignmentID(id)] = 0
	if until := moment(before["until"]); until != nil {
		p.until[iam.AssignmentID(id)] = *until
	}
}

func (p *past) unswitch(e audit.Entry, _ audit.Detail) {
	p.off[iam.UserID(e.ObjectID)] = e.Verb == "person.enable"
}

func (p *past) unaccept(_ audit.Entry, d audit.Detail) {
	id, _ := d["share"].(string)
	p.late[iam.AssignmentID(id)] = true
}

// moment is a time in a line's detail; JSON makes it a float, exact to 2^53.
func moment(v any) *int64 {
	f, ok := v.(float64)
	if !ok {
		return nil
	}
	us := int64(f)
	return &us
}

// line is the way up from a place as it was, nearest first; empty where the
// place was not there yet.
func (p *past) line(org iam.OrgID) []*pastPlace {
	if l, known := p.lines[org]; known {
		return l
	}
	var l []*pastPlace
	for id := org; id != "" && len(l) < 16; {
		o := p.places[id]
		if o == nil || o.CreatedAt > p.at {
			l = nil
			break
		}
		l, id = append(l, o), o.ParentID
	}
	p.lines[org] = l
	return l
}

// shut tells whether a place was closed to everybody, itself or by what is above it.
func (p *past) shut(org iam.OrgID) bool {
	for _, o := range p.line(org) {
		if o.State != Active || o.ValidFrom != nil && *o.ValidFrom > p.at || o.ValidTo != nil && *o.ValidTo <= p.at {
			return true
		}
	}
	return false
}

// depth is how far above the place org lay, or -1; hidden whether a private
// place lay between.
func (p *past) depth(place, org iam.OrgID) (depth int, hidden bool) {
	for i, o := range p.line(place) {
		if o.ID == org {
			return i, hidden
		}
		hidden = hidden || o.Private
	}
	return -1, false
}

// ends is when an assignment was to end, as it stood then.
func (p *past) ends(id iam.AssignmentID, now *int64) int64 {
	if until, changed := p.until[id]; changed {
		return until
	}
	if now == nil {
		return 0
	}
	return *now
}
