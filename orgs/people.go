package orgs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"halfkey/iam"
	"halfkey/policies"
)

// Person is somebody with what he holds in a place and below.
type Person struct {
	iam.User
	Seats []Seat // oldest first
}

// Seat is a role in a place; ID names it for EndRole.
type Seat struct {
	ID      iam.AssignmentID
	Role    policies.Role
	Org     iam.OrgID
	OrgName string
	Device  iam.DeviceID // that one alone; "" for the whole place
	Reach   policies.Reach
	From    time.Time // zero for at once
	Until   time.Time // zero for no end
	Source  policies.Source
	Reason  string
}

// People lists who holds a role in org or below, in the order in which they
// came. It asks for ReadPeople.
func (s *Service) People(ctx context.Context, org iam.OrgID) ([]Person, error) {
	seats, err := s.Decider.Assignments(ctx, org)
	if err != nil {
		return nil, err
	}
	seats = slices.DeleteFunc(seats, func(a policies.Assignment) bool { return a.SubjectType != policies.Person })
	users, places, err := s.named(ctx, seats)
	if err != nil {
		return nil, err
	}
	var people []Person
	at := map[iam.UserID]int{}
	for _, a := range seats {
		n, known := at[a.User]
		if !known {
			n = len(people)
			at[a.User] = n
			people = append(people, Person{User: users[a.User]})
		}
		people[n].Seats = append(people[n].Seats, Seat{a.ID, a.Role, a.Org, places[a.Org], a.Device, a.Reach, a.From, a.Until, a.Source, a.Reason})
	}
	return people, nil
}

// named reads whom and which places the roles are about.
func (s *Service) named(ctx context.Context, seats []policies.Assignment) (map[iam.UserID]iam.User, map[iam.OrgID]string, error) {
	var people []iam.UserID
	var ids []string
	for _, a := range seats {
		people, ids = append(people, a.User), append(ids, string(a.Org))
	}
	users, err := s.Users.Names(ctx, people)
	if err != nil {
		return nil, nil, err
	}
	var rows []orgRow
	if err := s.DB.WithContext(ctx).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, nil, fmt.Errorf("read places: %w", err)
	}
	places := make(map[iam.OrgID]string, len(rows))
	for _, r := range rows {
		places[iam.OrgID(r.ID)] = r.Name
	}
	return users, places, nil
}
