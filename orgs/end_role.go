package orgs

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// EndRole takes a role away, one's own or another's, with the deputies' roles
// that lean on it. It fails like policies.Decider.End.
func (s *Service) EndRole(ctx context.Context, id iam.AssignmentID, w With) error {
	return s.changeRole(ctx, id, "role.end", w, func(tx *gorm.DB) (policies.Assignment, audit.Detail, error) {
		a, err := s.Decider.End(ctx, tx, id, w.Reason)
		return a, audit.Detail{"role": string(a.Role), "assignment": string(a.ID)}, err
	})
}

// SetRoleEnd lets a role end at another time; zero for never. It fails like
// policies.Decider.SetEnd.
func (s *Service) SetRoleEnd(ctx context.Context, id iam.AssignmentID, until time.Time, w With) error {
	return s.changeRole(ctx, id, "role.until", w, func(tx *gorm.DB) (policies.Assignment, audit.Detail, error) {
		a, now, err := s.Decider.SetEnd(ctx, tx, id, until)
		return a, audit.Change(audit.Detail{"until": iam.MicrosOrNull(a.Until)}, audit.Detail{"until": iam.MicrosOrNull(now)}).
			With("role", string(a.Role)).With("assignment", string(a.ID)), err
	})
}

// Leave ends all that one holds oneself in a place, not what comes from above it.
// It fails with policies.ErrHidden where that is nothing.
func (s *Service) Leave(ctx context.Context, org iam.OrgID, w With) error {
	var own []iam.AssignmentID
	err := s.DB.WithContext(ctx).Raw(`SELECT id FROM assignments WHERE subject_id = ? AND subject_type = 'user' AND org_id = ? AND status = 'active' AND ended_at IS NULL
AND (valid_to IS NULL OR valid_to > ?)`, string(asking(ctx)), string(org), iam.Micros(s.Now())).Scan(&own).Error
	if err != nil {
		return err
	}
	if len(own) == 0 {
		return policies.ErrHidden
	}
	return s.changeRole(ctx, own[0], "person.leave", w, func(tx *gorm.DB) (first policies.Assignment, _ audit.Detail, _ error) {
		var roles []string
		for _, id := range own {
			a, err := s.Decider.End(ctx, tx, id, w.Reason)
			if err != nil && !errors.Is(err, policies.ErrHidden) { // ended meanwhile
				return first, nil, err
			}
			if err == nil {
				first, roles = a, append(roles, string(a.Role))
			}
		}
		if len(roles) == 0 {
			return first, nil, ErrNothing
		}
		return first, audit.Detail{"roles": roles}, nil
	})
}

// changeRole runs a deed on somebody's role.
func (s *Service) changeRole(ctx context.Context, id iam.AssignmentID, verb string, w With, do func(*gorm.DB) (policies.Assignment, audit.Detail, error)) error {
	a, err := s.assignment(ctx, id)
	if err != nil {
		return err
	}
	area, err := s.areaOf(ctx, a)
	if err != nil {
		return err
	}
	d := Deed{Verb: verb, With: w, Area: area,
		Object: audit.Object{Tenant: string(a.Tenant), Org: string(a.Org), Type: string(a.SubjectType), ID: string(a.User)},
		Tell:   []live.Event{happened(live.People, a.Tenant, a.Org, string(a.User))}}
	if a.SubjectType == policies.Team {
		if other, err := findOrg(s.DB.WithContext(ctx), iam.OrgID(a.User)); err == nil && other.Tenant != a.Tenant {
			d.Tell = append(d.Tell, happened(live.People, other.Tenant, other.ID, string(a.ID)))
		}
	}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		_, detail, err := do(tx)
		if err != nil {
			return nil, err
		}
		return detail, s.Decider.EndLent(ctx, tx)
	}
	return s.Perform(ctx, &d)
}

// assignment reads a role for somebody whose deed on it the decider judges.
func (s *Service) assignment(ctx context.Context, id iam.AssignmentID) (policies.Assignment, error) {
	return s.Decider.Find(ctx, id)
}

// areaOf is for whom and where a role can matter: where it is held, and, where that
// is a team, anywhere in the tenant.
func (s *Service) areaOf(ctx context.Context, a policies.Assignment) (Area, error) {
	people, err := s.behind(ctx, a)
	if err != nil {
		return Area{}, err
	}
	area := Area{Org: a.Org, Alone: a.Reach == policies.Self, Device: a.Device, People: people}
	var n int64
	err = s.DB.WithContext(ctx).Raw(`SELECT COUNT(*) FROM assignments WHERE subject_id = ? AND subject_type = 'org' AND tenant_id = ? AND ended_at IS NULL`,
		string(a.Org), string(a.Tenant)).Scan(&n).Error
	if n > 0 && a.Device == "" {
		area.Org, area.Alone = a.Tenant, false
	}
	return area, err
}

// behindMost bounds how many people a deed on a team's role looks at one by one.
const behindMost = 1000

// behind lists whose rights hang on a role: its holder, or those who belong to
// the team, and their deputies. Nil is everybody, where they are too many.
func (s *Service) behind(ctx context.Context, a policies.Assignment) (people []iam.UserID, err error) {
	q := s.DB.WithContext(ctx)
	if a.SubjectType != policies.Team {
		err = q.Raw(`SELECT ? UNION SELECT subject_id FROM assignments WHERE delegated_from = ? AND ended_at IS NULL`, string(a.User), string(a.ID)).Scan(&people).Error
		return people, err
	}
	err = q.Raw(`SELECT DISTINCT subject_id FROM assignments WHERE org_id = ? AND subject_type = 'user' AND ended_at IS NULL LIMIT ?`,
		string(a.User), behindMost+1).Scan(&people).Error
	switch {
	case err != nil || len(people) > behindMost:
		return nil, err
	case len(people) == 0:
		return []iam.UserID{a.User}, nil // nobody
	}
	return people, nil
}
