package orgs

import (
	"context"
	"time"

	"halfkey/iam"
	"halfkey/policies"
)

// Standing says what a place amounts to now, for whoever sees it, or may open it
// again from above.
func (s *Service) Standing(ctx context.Context, id iam.OrgID) (iam.Standing, error) {
	if err := s.Decider.Require(ctx, policies.ReadOrg, id); err != nil {
		if _, above := s.fromAbove(ctx, id); above != nil {
			return iam.Standing{}, err
		}
	}
	return s.Decider.Standing(ctx, id)
}

// StandingOfRole says what a role amounts to now, for whoever holds it or reads
// people where it is held.
func (s *Service) StandingOfRole(ctx context.Context, id iam.AssignmentID) (iam.Standing, error) {
	var a struct{ SubjectID, OrgID string }
	err := s.DB.WithContext(ctx).Raw("SELECT subject_id, org_id FROM assignments WHERE id = ?", string(id)).Scan(&a).Error
	if err != nil {
		return iam.Standing{}, err
	}
	if a.SubjectID == "" || a.SubjectID != string(asking(ctx)) && !s.Decider.May(ctx, policies.ReadPeople, iam.OrgID(a.OrgID)) {
		return iam.Standing{}, policies.ErrHidden
	}
	return s.Decider.StandingOf(ctx, id)
}

// StandingOfPerson says what a person's account amounts to now, for himself or
// whoever reads people where he is at home.
func (s *Service) StandingOfPerson(ctx context.Context, id iam.UserID) (iam.Standing, error) {
	var u struct{ State, HomeOrgID string }
	err := s.DB.WithContext(ctx).Raw("SELECT state, home_org_id FROM users WHERE id = ?", string(id)).Scan(&u).Error
	if err != nil {
		return iam.Standing{}, err
	}
	if u.State == "" || id != asking(ctx) && !s.Decider.May(ctx, policies.ReadPeople, iam.OrgID(u.HomeOrgID)) {
		return iam.Standing{}, iam.ErrUserUnknown
	}
	return iam.Effective(u.State, time.Time{}, time.Time{}, s.Now()), nil
}
