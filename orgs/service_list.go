package orgs

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// List lists the service accounts of org and below that the person who acts
// in ctx may see: all, or those that he made. Oldest first.
func (m Machines) List(ctx context.Context, org iam.OrgID) ([]Machine, error) {
	q := m.Orgs.DB.WithContext(ctx).Where("org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", string(org))
	act := policies.ReadService
	err := m.Orgs.Decider.Require(ctx, act, org)
	if err != nil && m.Orgs.Decider.May(ctx, policies.MakeService, org) {
		act, err = policies.MakeService, nil
		q = q.Where("made_by = ?", string(asking(ctx)))
	}
	if err != nil {
		return nil, err
	}
	scope, err := m.Orgs.Decider.Scope(ctx, act)
	if err != nil {
		return nil, err
	}
	all, err := m.Services.List(scope.Filter(q, "org_id", "tenant_id").Limit(treeMost))
	if err != nil {
		return nil, err
	}
	return m.furnish(ctx, all)
}

// Get is one service account, for who may see it. It fails with
// iam.ErrServiceUnknown.
func (m Machines) Get(ctx context.Context, id iam.ServiceID) (Machine, error) {
	a, err := m.Services.Get(m.Orgs.DB.WithContext(ctx), id)
	if err != nil {
		return Machine{}, err
	}
	if !m.Orgs.Decider.May(ctx, policies.ReadService, a.Org) && m.require(ctx, a) != nil {
		return Machine{}, iam.ErrServiceUnknown
	}
	all, err := m.furnish(ctx, []iam.ServiceAccount{a})
	if err != nil {
		return Machine{}, err
	}
	all[0].Tokens, err = m.Tokens.List(m.Orgs.DB.WithContext(ctx), holder(a))
	return all[0], err
}

func holder(a iam.ServiceAccount) iam.Holder {
	return iam.Holder{Type: string(policies.Service), ID: string(a.ID)}
}

// furnish adds names, roles and whether the account works.
func (m Machines) furnish(ctx context.Context, all []iam.ServiceAccount) ([]Machine, error) {
	machines := make([]Machine, len(all))
	var owners []iam.UserID
	var ids, places []string
	for i, a := range all {
		machines[i].ServiceAccount = a
		owners, ids, places = append(owners, a.Owner), append(ids, string(a.ID)), append(places, string(a.Org))
	}
	people, err := m.Orgs.Users.Names(ctx, owners)
	if err != nil {
		return nil, err
	}
	var rows []orgRow
	if err := m.Orgs.DB.WithContext(ctx).Where("id IN ?", places).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	names := make(map[iam.OrgID]string, len(rows))
	for _, r := range rows {
		names[iam.OrgID(r.ID)] = r.Name
	}
	seats, err := m.seats(m.Orgs.DB.WithContext(ctx), ids)
	for i := range machines {
		a := &machines[i]
		a.OwnerName, a.OrgName, a.Seats = people[a.Owner].Name, names[a.Org], seats[string(a.ID)]
		a.Stands = people[a.Owner].ID != "" && m.mayHave(ctx, a.Owner, a.MadeBy, a.Org)
	}
	return machines, err
}

const serviceSeats = `SELECT a.subject_id, a.id, a.role, a.org_id, o.name FROM assignments a JOIN orgs o ON o.id = a.org_id
WHERE a.subject_id IN ? AND a.subject_type = 'service' AND a.status = 'active' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?) ORDER BY a.id`

// seats are the roles of service accounts, by the account's id.
func (m Machines) seats(q *gorm.DB, ids []string) (map[string][]Seat, error) {
	rows, err := q.Raw(serviceSeats, ids, iam.Micros(m.Orgs.Now())).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the roles of service accounts: %w", err)
	}
	defer rows.Close()
	seats := map[string][]Seat{}
	for rows.Next() {
		var id string
		var s Seat
		if err := rows.Scan(&id, &s.ID, &s.Role, &s.Org, &s.OrgName); err != nil {
			return nil, fmt.Errorf("read the roles of service accounts: %w", err)
		}
		seats[id] = append(seats[id], s)
	}
	return seats, rows.Err()
}

// PlacesOf lists where an account can hold roles, as far as the person who acts
// in ctx may see: its own place and those below.
func (m Machines) PlacesOf(ctx context.Context, a iam.ServiceAccount) ([]Org, error) {
	all, err := m.Orgs.Visible(ctx)
	if err != nil {
		return nil, err
	}
	var below []iam.OrgID
	if err := m.Orgs.DB.WithContext(ctx).Raw("SELECT descendant FROM org_closure WHERE ancestor = ?", string(a.Org)).Scan(&below).Error; err != nil {
		return nil, fmt.Errorf("read what is below %s: %w", a.Org, err)
	}
	return slices.DeleteFunc(all, func(o Org) bool { return !slices.Contains(below, o.ID) }), nil
}

// OwnersOf lists the people who could own an account, the present owner among
// them, for somebody who may know who is there.
func (m Machines) OwnersOf(ctx context.Context, a iam.ServiceAccount) ([]iam.User, error) {
	if !m.Orgs.Decider.May(ctx, policies.ReadPeople, a.Org) {
		return nil, nil
	}
	holders, err := m.Orgs.Decider.WhoMay(ctx, m.Orgs.DB.WithContext(ctx), policies.ManageService, a.Org, "")
	if err != nil {
		return nil, err
	}
	var owners []iam.User
	there := false
	for _, w := range holders {
		if w.User != a.Owner && !m.Orgs.Decider.May(ctx, policies.ReadPeople, w.Org) {
			continue // who looks after the platform is not everybody's to know
		}
		owners = append(owners, iam.User{ID: w.User, Name: w.Name})
		there = there || w.User == a.Owner
	}
	if !there {
		u, err := m.Orgs.Users.Get(ctx, a.Owner)
		if err != nil {
			return nil, err
		}
		owners = append(owners, u)
	}
	return owners, nil
}
