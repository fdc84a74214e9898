package policies

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Scope is everywhere that somebody may do one thing: lists, counts and searches
// are cut to it. The zero Scope is nowhere.
type Scope struct {
	all     bool
	tenants []iam.OrgID // whole tenants
	trees   []iam.OrgID // with all below
	guarded []iam.OrgID // with all below but what lies in private places
	singles []iam.OrgID // alone
	devices []iam.DeviceID
	closed  []iam.OrgID // of all these not what lies in here
	barred  []iam.OrgID // nor these themselves
	within  []iam.OrgID // of all these only what lies in each of these
	places  spelled     // all of it, if it is wide
	lineOf  func(iam.OrgID) line
}

// Scope says where whoever acts in ctx may do act.
func (d *Decider) Scope(ctx context.Context, act Action) (Scope, error) {
	who, ok := Asking(ctx)
	if !ok {
		return Scope{}, nil
	}
	version, err := d.versions.Current(ctx)
	if err != nil {
		return Scope{}, err
	}
	t, err := d.rulesAt(ctx, version)
	if err != nil {
		return Scope{}, err
	}
	seats, err := d.seatsAt(ctx, version, who)
	if err != nil {
		return Scope{}, err
	}
	s := Scope{lineOf: func(org iam.OrgID) line { l, _ := d.lineAt(ctx, version, org); return l }}
	for _, c := range cutsIn(ctx) {
		if c.Actions != 0 && !c.Actions.Has(act) {
			return Scope{}, nil
		}
		if c.Org != "" {
			s.within = append(s.within, c.Org)
		}
	}
	limits, err := d.limitsAt(ctx, version)
	if err != nil {
		return Scope{}, err
	}
	now := iam.Micros(d.now())
	s.closed = limits.closed(ctx, now)
	var narrow []*seat
	for i := range seats {
		switch seat := &seats[i]; {
		case !seat.holds(now):
		case t.denied(seat.gives).Has(act):
			s.bar(seat)
		case t.acts(seat).Has(act):
			guarded := Viewing.Has(act) && !seat.open() && limits.private(seat.tenant)
			if !s.whole(seat, guarded) {
				narrow = append(narrow, seat)
			}
		}
	}
	for _, seat := range narrow {
		s.add(seat, Viewing.Has(act) && !seat.open() && limits.private(seat.tenant))
	}
	for _, list := range []*[]iam.OrgID{&s.trees, &s.guarded, &s.singles} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	err = d.spell(ctx, version, &s)
	return s, err
}

// whole adds a seat that reaches all of the platform or of a tenant.
func (s *Scope) whole(t *seat, guarded bool) bool {
	switch {
	case t.device != "" || t.reach == Self || guarded:
		return false
	case t.root:
		s.all = true
	case t.org == t.tenant:
		s.tenants = with(s.tenants, t.org)
	default:
		return false
	}
	return true
}

// add adds any other, unless it lies in what is there wholly.
func (s *Scope) add(t *seat, guarded bool) {
	switch {
	case t.device != "":
		s.devices = with(s.devices, t.device)
	case s.all || slices.Contains(s.tenants, t.tenant):
	case t.reach == Self:
		s.singles = append(s.singles, t.org)
	case guarded:
		s.guarded = append(s.guarded, t.org)
	default:
		s.trees = append(s.trees, t.org)
	}
}

// bar takes out where a role denies what another might allow.
func (s *Scope) bar(t *seat) {
	switch {
	case t.device != "":
	case t.reach == Self:
		s.barred = with(s.barred, t.org)
	default:
		s.closed = with(s.closed, t.org)
	}
}

func with[ID comparable](ids []ID, id ID) []ID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// Empty reports whether there is no such place and no such device.
func (s Scope) Empty() bool {
	return !s.all && len(s.tenants)+len(s.trees)+len(s.guarded)+len(s.singles)+len(s.devices) == 0
}

// Places reports whether there is anything in the scope but single devices.
func (s Scope) Places() bool {
	return s.all || len(s.tenants)+len(s.trees)+len(s.guarded)+len(s.singles) > 0
}

// Devices lists those that are in the scope each by itself, wherever they lie.
func (s Scope) Devices() []iam.DeviceID { return slices.Clone(s.devices) }

// Has reports whether org is in the scope.
func (s Scope) Has(org iam.OrgID) bool {
	if s.Empty() {
		return false
	}
	if s.places != nil {
		_, has := s.places[org]
		return has
	}
	l := s.lineOf(org)
	return s.reaches(l) && s.open(l)
}

// HasDevice reports whether a device in org is in the scope.
func (s Scope) HasDevice(org iam.OrgID, device iam.DeviceID) bool {
	if s.Has(org) {
		return true
	}
	return slices.Contains(s.devices, device) && s.open(s.lineOf(org))
}

func (s Scope) reaches(l line) bool {
	if len(l.places) == 0 {
		return false
	}
	if s.all || slices.Contains(s.tenants, l.tenant) || slices.Contains(s.singles, l.places[0].id) {
		return true
	}
	for depth, p := range l.places {
		if slices.Contains(s.trees, p.id) || slices.Contains(s.guarded, p.id) && !l.hides(depth) {
			return true
		}
	}
	return false
}

func (s Scope) open(l line) bool {
	if len(l.places) == 0 || slices.Contains(s.barred, l.places[0].id) {
		return false
	}
	for _, p := range l.places {
		if slices.Contains(s.closed, p.id) {
			return false
		}
	}
	return !slices.ContainsFunc(s.within, func(org iam.OrgID) bool { return l.at(org) < 0 })
}

// Filter cuts a query to the scope, by the columns that name a row's
// organisation and its tenant.
func (s Scope) Filter(q *gorm.DB, orgColumn, tenantColumn string) *gorm.DB {
	sql, args := s.SQL(orgColumn, tenantColumn)
	if sql == "" {
		return q
	}
	return q.Where(sql, args...)
}

// Tenants lists the tenants in which whoever acts in ctx holds anything;
// iam.Everywhere for who holds something on the platform itself.
func (d *Decider) Tenants(ctx context.Context) ([]iam.OrgID, error) {
	who, ok := Asking(ctx)
	if !ok {
		return nil, nil
	}
	version, err := d.versions.Current(ctx)
	if err != nil {
		return nil, err
	}
	seats, err := d.seatsAt(ctx, version, who)
	now := iam.Micros(d.now())
	var tenants []iam.OrgID
	for i := range seats {
		switch s := &seats[i]; {
		case !s.holds(now):
		case s.root:
			return []iam.OrgID{iam.Everywhere}, nil
		default:
			tenants = with(tenants, s.tenant)
		}
	}
	return tenants, err
}
