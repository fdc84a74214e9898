package orgs

import (
	"context"
	"fmt"

	"halfkey/iam"
	"halfkey/policies"
)

// AccountFilter picks people of the platform.
type AccountFilter struct {
	Find  string     // what the name or the address begins with
	Off   bool       // only those who are switched off
	After iam.UserID // the last of the page before
	Limit int
}

// Account is a person with where he is at home and what he holds.
type Account struct {
	iam.User
	Off      bool
	Gone     bool // taken out for good
	HomeName string
	Seats    []Seat // the oldest first, five at most
	More     int    // seats beyond
}

// seatsMost bounds how many roles a line of the list names.
const seatsMost = 5

type accountRow struct {
	ID, Email, Name, HomeOrgID, State string
	CreatedAt                         int64
}

// Accounts lists people by name, wherever they belong. It asks for
// AdministerPlatform on the root.
func (s *Service) Accounts(ctx context.Context, f AccountFilter) ([]Account, error) {
	if _, err := s.Platform(ctx); err != nil {
		return nil, err
	}
	q := s.DB.WithContext(ctx).Table("users").Select("id, email, name, home_org_id, state, created_at")
	name := folded(q, "name")
	if f.Find != "" {
		q = q.Where("("+begins(name)+" OR "+begins(bytewise(q, "email"))+")", f.Find, f.Find, afterAll, f.Find, f.Find, afterAll)
	}
	if f.Off {
		q = q.Where("state <> 'active'")
	}
	if f.After != "" {
		q = q.Where(after(name, "id", "SELECT %s FROM users WHERE id = ?"), string(f.After), string(f.After))
	}
	var rows []accountRow
	if err := q.Order(name + ", id").Limit(f.Limit).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	return s.seated(ctx, rows)
}

// AccountOf is one of them.
func (s *Service) AccountOf(ctx context.Context, id iam.UserID) (Account, error) {
	if _, err := s.Platform(ctx); err != nil {
		return Account{}, err
	}
	var rows []accountRow
	err := s.DB.WithContext(ctx).Raw("SELECT id, email, name, home_org_id, state, created_at FROM users WHERE id = ?", string(id)).Scan(&rows).Error
	if err != nil {
		return Account{}, fmt.Errorf("find person %s: %w", id, err)
	}
	all, err := s.seated(ctx, rows)
	if err != nil || len(all) == 0 {
		return Account{}, orHidden(err)
	}
	return all[0], nil
}

// seated adds what people hold, and the names of the places.
func (s *Service) seated(ctx context.Context, rows []accountRow) ([]Account, error) {
	people := make([]string, len(rows))
	places := make([]string, len(rows))
	for i, r := range rows {
		people[i], places[i] = r.ID, r.HomeOrgID
	}
	q := s.DB.WithContext(ctx)
	names := map[string]string{}
	var found []struct{ ID, Name string }
	if len(rows) > 0 {
		if err := q.Raw("SELECT id, name FROM orgs WHERE id IN ?", places).Scan(&found).Error; err != nil {
			return nil, fmt.Errorf("name places: %w", err)
		}
	}
	for _, f := range found {
		names[f.ID] = f.Name
	}
	all := make([]Account, len(rows))
	at := map[string]*Account{}
	for i, r := range rows {
		all[i] = Account{User: iam.User{ID: iam.UserID(r.ID), Email: iam.Email(r.Email), Name: r.Name, Home: iam.OrgID(r.HomeOrgID), CreatedAt: iam.Time(r.CreatedAt)},
			Off: r.State != "active", Gone: r.State == "removed", HomeName: names[r.HomeOrgID]}
		at[r.ID] = &all[i]
	}
	if len(rows) == 0 {
		return all, nil
	}
	var seats []struct {
		ID, SubjectID, Role, OrgID, OrgName string
		ValidTo                             *int64
	}
	err := q.Raw(`SELECT a.id, a.subject_id, a.role, a.org_id, o.name AS org_name, a.valid_to FROM assignments a JOIN orgs o ON o.id = a.org_id
WHERE a.subject_id IN ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND a.device_id IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?)
ORDER BY a.created_at, a.role DESC, a.id`, people, iam.Micros(s.Now())).Scan(&seats).Error
	if err != nil {
		return nil, fmt.Errorf("read what people hold: %w", err)
	}
	for _, r := range seats {
		a := at[r.SubjectID]
		if len(a.Seats) == seatsMost {
			a.More++
			continue
		}
		a.Seats = append(a.Seats, Seat{ID: iam.AssignmentID(r.ID), Role: policies.Role(r.Role), Org: iam.OrgID(r.OrgID), OrgName: r.OrgName, Until: iam.TimeOrZero(r.ValidTo)})
	}
	return all, nil
}

// PlatformSeat is somebody's role on the platform itself.
type PlatformSeat struct {
	Seat
	Person iam.User
	Off    bool
}

// PlatformSeats lists who holds a role on the platform itself, the oldest first.
// It asks for AdministerPlatform there.
func (s *Service) PlatformSeats(ctx context.Context) ([]PlatformSeat, error) {
	top, err := s.Platform(ctx)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID, Role, Reason, UserID, Name, Email, State string
		ValidFrom, ValidTo                           *int64
	}
	err = s.DB.WithContext(ctx).Raw(`SELECT a.id, a.role, a.reason, a.valid_from, a.valid_to, u.id AS user_id, u.name, u.email, u.state FROM assignments a JOIN users u ON u.id = a.subject_id
WHERE a.org_id = ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?) ORDER BY a.created_at, a.id`,
		string(top.ID), iam.Micros(s.Now())).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list who runs the platform: %w", err)
	}
	all := make([]PlatformSeat, len(rows))
	for i, r := range rows {
		all[i] = PlatformSeat{Seat: Seat{ID: iam.AssignmentID(r.ID), Role: policies.Role(r.Role), Org: top.ID, OrgName: top.Name, Reason: r.Reason,
			From: iam.TimeOrZero(r.ValidFrom), Until: iam.TimeOrZero(r.ValidTo)}, Person: iam.User{ID: iam.UserID(r.UserID), Name: r.Name, Email: iam.Email(r.Email)}, Off: r.State != "active"}
	}
	return all, nil
}
